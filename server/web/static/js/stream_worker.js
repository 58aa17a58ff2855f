// One live stream for all tabs of a browser, which allows six connections to a host; none while all are hidden.
import { mark, since } from "./elapsed.js";
import { follow } from "./stream_source.js";

const GONE_AFTER_MS = 60_000; // a crashed tab sends nothing; a living one sends a message every 20 s
const tabs = new Map();
const newest = new Map();
let end = null;

function hear(name, data) {
  if (name === "again") return;
  const message = { name, data, when: mark() };
  if (name === "lost" || name === "signed-out") newest.clear();
  newest.set(name, message);
  for (const port of tabs.keys()) tell(port, message);
}

// Adds the message's age and the time of sending: a sleeping tab receives it later.
function tell(port, { name, data, when }) { port.postMessage({ name, data, ageMs: since(when), toldAt: Date.now() }); }

function settle() {
  const now = Date.now();
  for (const [port, tab] of tabs) if (now - tab.at > GONE_AFTER_MS) tabs.delete(port);
  const wanted = [...tabs.values()].find((tab) => tab.visible);
  if (wanted && !end) end = follow(wanted.url, wanted.names, hear);
  if (!wanted && end) { end(); end = null; newest.clear(); }
}

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (!tabs.has(port)) for (const name of ["version", "now", "away", "lost", "signed-out"]) if (newest.has(name)) tell(port, newest.get(name));
    if (data.gone) tabs.delete(port); else tabs.set(port, { ...data, at: Date.now() });
    settle();
    if (data.woken) end?.wake();
  };
};
setInterval(settle, 20_000);
