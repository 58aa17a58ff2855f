// What needs the owner: alerts and approvals, as the server renders them, and how many, on every page.
import { ofSite, read, send } from "./send.js";
import { siteNow } from "./site_time.js";
import { duration, text } from "./words.js";

const PAUSE_MS = 500; // actions come in bursts
const badge = document.getElementById("badge");
let busy = false;
let again = false;

export function attend() {
  for (const name of ["cc:alert", "cc:action"]) document.addEventListener(name, refresh);
  let was = null;
  document.addEventListener("cc:now", () => { if (was !== "now") refresh(); was = "now"; });
  document.addEventListener("cc:tick", ({ detail }) => { if (!detail.fresh) was = null; expire(); });
  document.addEventListener("click", decide);
}

// The newest state; what can't be had leaves the page as it is.
async function refresh() {
  again = busy;
  if (busy) return;
  busy = true;
  try {
    const answer = await read(ofSite("/attention"));
    const found = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("attention") : null;
    if (found) show(found);
  } catch { /* the next event asks again */ } finally {
    setTimeout(() => { busy = false; if (again) refresh(); }, PAUSE_MS);
  }
}

function show(found) {
  const count = Number(found.dataset.count);
  badge.hidden = count === 0;
  text(badge.querySelector("[data-count]"), String(count));
  const shown = document.getElementById("attention");
  if (shown && shown.innerHTML !== found.innerHTML && !shown.contains(document.activeElement)) shown.replaceWith(found);
  expire();
}

function expire() {
  for (const each of document.querySelectorAll("[data-expires]")) {
    const left = (Date.parse(each.dataset.expires) - siteNow()) / 1000;
    const card = each.closest("[data-action]");
    if (left > 0) { text(each, `Answer within ${duration(left / Number(document.body.dataset.speed))}.`); continue; }
    text(each, "Nobody answered in time: this has expired.");
    card.querySelector(".buttons")?.remove();
  }
}

async function decide(event) {
  const button = event.target.closest("[data-decide]");
  if (!button) return;
  const card = button.closest("[data-action]");
  const result = card.querySelector(".result");
  for (const each of card.querySelectorAll("button")) each.disabled = true;
  try {
    const action = await send("POST", `/api/actions/${card.dataset.action}/${button.dataset.decide}`, {});
    text(result, `${action.status}${action.result ? `: ${action.result}` : ""}`);
    card.querySelector("[data-expires]")?.remove();
    card.querySelector(".buttons")?.remove();
    button.blur();
  } catch (error) {
    text(result, error.message);
    for (const each of card.querySelectorAll("button")) each.disabled = false;
  }
}
