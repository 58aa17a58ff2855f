// The page's event stream: one shared by all tabs, or its own where the browser has no shared workers.
import { mark } from "./elapsed.js";
import { ofSite } from "./send.js";
import { follow } from "./stream_source.js";

const URL_ = ofSite("/api/stream");
const NAMES = ["now", "telemetry", "decision", "action", "alert", "estop", "version", "away"];

export function listen(hear) { return globalThis.SharedWorker ? shared(hear) : own(hear); }

// The machine, the tab or the line comes back: a stream that died meanwhile often gives no error.
// Until `signal` ends it.
export function onWaking(act, signal) {
  for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, act, { signal });
  for (const name of ["pageshow", "online"]) addEventListener(name, act, { signal });
}

function shared(hear) {
  let worker;
  try { worker = new SharedWorker(new URL("./stream_worker.js", import.meta.url), { type: "module", name: URL_ }); } catch { return own(hear); }
  let instead = null;
  const say = (message) => { if (!instead) worker.port.postMessage(message); };
  const present = (woken = false) => say({ url: URL_, names: NAMES, visible: !document.hidden, woken });
  worker.onerror = () => { instead ??= own(hear); };
  worker.port.onmessage = ({ data }) => { if (!document.hidden) hear(data.name, data.data, mark(Math.max(data.ageMs, Date.now() - data.toldAt, 0))); };
  onWaking(() => present(true));
  addEventListener("pagehide", () => say({ gone: true }));
  setInterval(() => present(), 20_000);
  present();
}

function own(hear) {
  let end = null;
  const settle = (wanted) => {
    if (wanted && !end) end = follow(URL_, NAMES, (name, data) => hear(name, data, mark()));
    if (!wanted && end) { end(); end = null; }
  };
  onWaking(() => { settle(!document.hidden); end?.wake(); });
  addEventListener("pagehide", () => settle(false));
  document.addEventListener("cc:stopping", () => settle(false)); // STOP must not wait for a free connection
  document.addEventListener("cc:stop-answered", () => settle(!document.hidden));
  settle(!document.hidden);
}
