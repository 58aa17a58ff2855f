// The frame of every page: the live stream, its state, the site's clock, ages, the badge, and STOP.
import "./stop.js";
import { attend } from "./attention.js";
import { mark, since } from "./elapsed.js";
import { renewFor } from "./renew.js";
import { ofSite, send } from "./send.js";
import { clock, heard, moment, siteNow } from "./site_time.js";
import { listen } from "./stream.js";
import { duration, text } from "./words.js";

const QUIET_AFTER_MS = 15_000; // the server speaks at least every nine seconds
const pill = document.getElementById("connection");
const banner = document.getElementById("stopped");
let news = mark();
let version = null; // the newest version that the server sent
let newsOn = siteNow();
let state = "Connecting";

export function say(name, detail) { document.dispatchEvent(new CustomEvent(`cc:${name}`, { detail })); }

function hear(name, data, when) {
  if (name === "again") return;
  if (name === "lost") { if (state !== "Signed out") state = "Reconnecting"; return tick(); } // each new try of a signed-out page ends so
  if (name === "signed-out") { state = "Signed out"; leadBack(); return tick(); }
  state = name === "away" ? "Database away" : "Live";
  if (name !== "away") news = when;
  if (name === "version") version = data.version;
  if (name === "estop") latched(data.latched, data.by, data.reason);
  if (name === "now") {
    heard(data.at, when);
    newsOn = Date.parse(data.at);
    const stop = data.emergency_stop;
    latched(stop.latched, stop.changed_by, stop.reason);
  }
  tick();
  say(name, data);
}

// The sign-in leads back to what is shown here.
function leadBack() { document.querySelector("#signed-out a").href = `/sign-in?next=${encodeURIComponent(ofSite(location.pathname + location.search))}`; }

function tick() {
  const fresh = since(news) < QUIET_AFTER_MS;
  const shown = state === "Live" && !fresh ? `No news since ${clock(newsOn)}` : state;
  pill.className = `pill ${shown === "Live" ? "live" : shown === "Connecting" ? "" : "lost"}`;
  text(pill, document.hidden ? "Paused" : shown);
  document.getElementById("signed-out").hidden = state !== "Signed out";
  document.body.classList.toggle("no-news", !fresh);
  const now = siteNow();
  text(document.getElementById("site-clock"), moment(now));
  for (const each of document.querySelectorAll("[data-since]")) age(each, now);
  say("tick", { now, fresh });
  if (version !== null && version !== document.body.dataset.version) renewFor(version);
}

// `data-since` is when a value was true on the site; `data-stale-after` the age from which nothing is started on it.
function age(element, now) {
  const { since, staleAfter } = element.dataset;
  const seconds = since ? (now - Date.parse(since)) / 1000 : null;
  const stale = seconds !== null && staleAfter !== undefined && staleAfter !== "" && seconds > Number(staleAfter);
  element.classList.toggle("stale", stale);
  if ("age" in element.dataset) text(element, seconds === null ? "never" : `${duration(seconds)} ago${stale ? " (stale)" : ""}`);
  else if (stale) element.title = `${duration(seconds)} old`;
  else element.removeAttribute("title");
}

function latched(on, by, reason) {
  banner.hidden = !on;
  text(document.getElementById("stopped-why"), on ? `Latched by ${by}: ${reason}` : "");
  if (on) say("latched");
}

document.addEventListener("cc:stopped", ({ detail }) => latched(detail.latched, detail.by, detail.reason));
// Whatever wakes a page also updates its ages, so that the first thing seen is true.
for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, tick);
for (const name of ["pageshow", "focus", "online", "offline"]) addEventListener(name, tick);
document.getElementById("release")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = document.getElementById("release-problem");
  const button = event.target.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  try {
    await send("DELETE", ofSite("/api/emergency-stop"), { reason: new FormData(event.target).get("reason") });
    event.target.reset();
    problem.textContent = "";
    latched(false);
  } catch (error) { problem.textContent = error.message; } finally { button.disabled = false; }
});
setInterval(tick, 1_000);
tick();
attend();
listen(hear);
