// Chat: a question is a run on the server; this page only listens, and may come back later. Questions wait their turn.
import { ofSite, read, send } from "./send.js";
import { onWaking } from "./stream.js";
import { follow } from "./stream_source.js";
import { digits } from "./words.js";

const NAMES = ["progress", "token", "action", "done", "error"];
const root = document.getElementById("chat");
const log = document.getElementById("messages");
const form = document.getElementById("composer");
const field = document.getElementById("question");
const halt = document.getElementById("halt");
const waiting = [];
let conversation = root.dataset.conversation || null;
let run = null;
let busy = false;

function element(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function turn() {
  const made = element("article", "turn agent");
  made.append(element("div", "progress"), element("div", "answer raw"), element("p", "meta quiet"), element("div", "cards"));
  log.append(made);
  return made;
}

function working(on) {
  busy = on;
  halt.hidden = !on;
  log.setAttribute("aria-busy", String(on));
}

function meta(data) {
  const usage = data.meta?.usage || {};
  const parts = [data.agent || "assistant"];
  if (usage.calls !== undefined) parts.push(`${usage.calls} model calls`);
  if (usage.prompt_tokens !== undefined) parts.push(`${digits(usage.prompt_tokens)} prompt tokens`);
  if (data.status === "stopped") parts.unshift("Stopped by you");
  return parts.join(" · ");
}

// Scrolls to the newest text if the reader was at the end; a reader further up stays there.
function keepInSight(act) {
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 160;
  act();
  if (atEnd) scrollTo({ top: document.documentElement.scrollHeight });
}

// The card of an action as the server renders it; what can't be had is left out.
async function card(id) {
  const place = element("div");
  place.dataset.card = id;
  try {
    const answer = await read(`/actions/${id}/card`);
    if (answer.ok) place.append(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
  } catch { /* the next event asks again */ }
  return place;
}

// Listens to a run until it has ended.
function listen(id, into) {
  const answer = into.querySelector(".answer");
  const progress = into.querySelector(".progress");
  run = id;
  return new Promise((ended) => {
    const heard = {
      lost: () => { progress.textContent = "Reconnecting …"; },
      again: () => { answer.textContent = ""; }, // the server sends the run's events from its start
      progress: (data) => { progress.textContent = data.text; },
      token: (data) => keepInSight(() => { answer.classList.add("raw"); answer.textContent = data.replace ? data.text : answer.textContent + data.text; }),
      action: async (data) => { if (!into.querySelector(`[data-card="${data.id}"]`)) { const made = await card(data.id); keepInSight(() => into.querySelector(".cards").append(made)); } },
      done: (data) => { keepInSight(() => finish(into, data)); close(); },
      error: (data) => { answer.textContent = `${data.message} ${data.advice || ""}`; answer.classList.add("problem"); close(); },
    };
    const end = follow(`/api/runs/${id}/events`, NAMES, (name, data) => heard[name]?.(data), { silentMs: 60_000 });
    const over = new AbortController();
    onWaking(end.wake, over.signal);
    function close() { over.abort(); progress.textContent = ""; end(); run = null; ended(); }
  });
}

function finish(into, data) {
  const answer = into.querySelector(".answer");
  answer.classList.remove("raw");
  answer.innerHTML = data.html; // rendered and cleaned by the server's one renderer
  into.querySelector(".meta").textContent = meta(data);
  into.insertAdjacentHTML("beforeend", data.how); // rendered by the server, too
}

// The question is shown at once and asked when those before it are answered.
function ask(question, agent = document.getElementById("agent").value || null) {
  log.querySelector(".suggestions")?.remove();
  const mine = element("article", "turn user");
  mine.append(element("p", "", question));
  log.append(mine);
  if (busy) mine.append(element("p", "queued", "Asked after this answer"));
  waiting.push({ question, mine, agent });
  scrollTo({ top: document.documentElement.scrollHeight });
  if (!busy) work();
}

async function work() {
  working(true);
  while (waiting.length) await one(waiting.shift());
  working(false);
}

async function one({ question, mine, agent }) {
  mine.querySelector(".queued")?.remove();
  const into = turn();
  mine.after(into); // beside its question, before those that wait
  try {
    const started = await send("POST", ofSite("/api/runs"), { question, conversation_id: conversation, agent });
    if (!conversation) {
      history.replaceState(null, "", address(started.conversation_id));
      remember(started.conversation_id, question);
    }
    conversation = started.conversation_id;
    await listen(started.id, into);
  } catch (error) {
    const answer = into.querySelector(".answer");
    answer.textContent = `Not asked: ${error.message.replace(/\.+$/, "")}.`;
    answer.classList.add("problem");
  }
}

// Waiting questions survive a reload, but only for KEPT_MS: asked an hour later they would surprise the owner.
const KEPT = "cc.waiting";
const KEPT_MS = 60_000;

function keep() {
  const questions = waiting.map(({ question, agent }) => ({ question, agent }));
  try { sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), conversation, questions })); } catch { /* then a reload loses them */ }
}

addEventListener("pagehide", keep);

function askKept() {
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(KEPT)); sessionStorage.removeItem(KEPT); } catch { /* there are none */ }
  if (!kept || performance.getEntriesByType("navigation")[0]?.type !== "reload") return;
  if (kept.conversation !== conversation || Date.now() - kept.at > KEPT_MS) return;
  for (const { question, agent } of kept.questions) ask(question, agent);
}

const address = (id) => ofSite(`/chat?conversation=${id}`);

function remember(id, title) {
  const link = element("a", "", title);
  link.href = address(id);
  link.setAttribute("aria-current", "page");
  const item = element("li");
  item.append(link);
  document.getElementById("conversations").prepend(item);
}

async function stopAnswering() {
  if (run) await send("POST", `/api/runs/${run}/stop`, {}).catch(() => {});
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = field.value.trim();
  if (!question) return;
  field.value = "";
  ask(question);
});
field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); } });
halt.addEventListener("click", stopAnswering);
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) stopAnswering(); });
for (const each of document.querySelectorAll(".suggestion")) each.addEventListener("click", () => ask(each.textContent));
document.addEventListener("cc:action", async ({ detail }) => { // what became of a card shown here
  for (const each of log.querySelectorAll(`[data-card="${detail.id}"]`)) each.replaceWith(await card(detail.id));
});

async function begin() {
  for (const each of log.querySelectorAll("[data-actions]")) for (const id of each.dataset.actions.split(" ").filter(Boolean)) each.append(await card(id));
  const unfinished = log.querySelector("[data-run]");
  working(Boolean(unfinished));
  askKept();
  if (unfinished) { await listen(unfinished.dataset.run, unfinished); await work(); }
}
if (matchMedia("(max-width: 45em)").matches) document.getElementById("earlier")?.removeAttribute("open");
begin();
if (conversation) scrollTo({ top: document.documentElement.scrollHeight });
