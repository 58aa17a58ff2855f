// The frame of every page: one live stream, the connection's state, and STOP.
const pill = document.getElementById("connection");
const banner = document.getElementById("stopped");
const dialog = document.getElementById("stop-dialog");
let source = null;
let last = Date.now();

const zone = document.body.dataset.timezone || undefined;

// Times are the site's, wherever the browser is.
export const timezone = zone;
export const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
export const digits = (value, count = 0) => value === null || value === undefined ? "–"
  : value.toLocaleString("en-US", { minimumFractionDigits: count, maximumFractionDigits: count }).replaceAll(",", "\u202f").replace("-", "\u2212");

export function say(name, detail) { document.dispatchEvent(new CustomEvent(`cc:${name}`, { detail })); }

function show(state, text) { pill.className = `pill ${state}`; pill.textContent = text; }

function open() {
  if (source || document.hidden) return;
  source = new EventSource("/api/stream");
  for (const name of ["now", "telemetry", "decision", "action", "alert", "estop", "version", "away"]) {
    source.addEventListener(name, (event) => {
      last = Date.now();
      show(name === "away" ? "lost" : "live", name === "away" ? "Database away" : "Live");
      const data = JSON.parse(event.data);
      if (name === "version" && data.version !== document.body.dataset.version) location.reload();
      if (name === "estop") latched(data.latched, data.by, data.reason);
      if (name === "now") latched(data.emergency_stop.latched, data.emergency_stop.changed_by, data.emergency_stop.reason);
      say(name, data);
    });
  }
  source.onerror = () => show("lost", "Reconnecting");
}

function close() { if (source) { source.close(); source = null; } }

document.addEventListener("visibilitychange", () => { if (document.hidden) { close(); show("", "Paused"); } else { open(); } });
addEventListener("pageshow", open);
setInterval(() => {
  const quiet = Math.round((Date.now() - last) / 1000);
  if (source && quiet > 40) show("lost", `Stale ${quiet} s`);
}, 5000);

function latched(on, by, reason) {
  banner.hidden = !on;
  if (on) document.getElementById("stopped-why").textContent = `Latched by ${by}: ${reason}`;
}

export async function send(method, url, body) {
  const answer = await fetch(url, {
    method, headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const data = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(data.detail || `HTTP ${answer.status}`);
  return data;
}

document.getElementById("stop").addEventListener("click", () => dialog.showModal());
document.getElementById("stop-confirm").addEventListener("click", async () => {
  const problem = document.getElementById("stop-problem");
  const reason = document.getElementById("stop-reason").value || "STOP pressed";
  close(); // a browser allows six connections: the stream gives way
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      problem.textContent = attempt > 1 ? `Trying again (${attempt} of 3) …` : "Stopping …";
      const state = await send("POST", "/api/emergency-stop", { reason });
      latched(true, state.changed_by || "you", state.reason || reason);
      problem.textContent = "";
      dialog.close();
      open();
      return;
    } catch (error) {
      problem.textContent = `Not stopped: ${error.message}. If this lasts, cut the power at the breaker.`;
    }
  }
  open();
});
document.getElementById("release")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await send("DELETE", "/api/emergency-stop", { reason: new FormData(event.target).get("reason") });
    latched(false);
  } catch (error) { document.getElementById("stopped-why").textContent = error.message; }
});
open();
