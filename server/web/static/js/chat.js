// Chat: a question is a run on the server; this page only listens, and may come back later.
import { clock, digits, send } from "./shell.js";

const root = document.getElementById("chat");
const log = document.getElementById("messages");
const form = document.getElementById("composer");
const field = document.getElementById("question");
const halt = document.getElementById("halt");
let conversation = root.dataset.conversation || null;
let run = null;
let source = null;

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

function busy(on) {
  document.getElementById("send").hidden = on;
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

// Keeps the newest words in sight of whoever reads at the end, and leaves others where they are.
function follow(act) {
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 160;
  act();
  if (atEnd) scrollTo({ top: document.documentElement.scrollHeight });
}

function card(data) {
  const made = element("article", "card action");
  made.append(element("h2", "", `Switch ${data.load ?? data.load_name} ${data.target_on ? "on" : "off"}?`), element("p", "", data.explanation || ""));
  const countdown = element("p", "quiet");
  const result = element("p", "result");
  result.setAttribute("role", "status");
  const buttons = element("div", "buttons");
  const end = data.expires_at ? Date.parse(data.expires_at) : null;
  if (root.dataset.mayControl && data.status === "pending") {
    for (const [verb, label, kind] of [["approve", "Approve", "primary"], ["reject", "Reject", ""]]) {
      const button = element("button", kind, label);
      button.addEventListener("click", async () => {
        for (const each of buttons.children) each.disabled = true;
        try {
          const action = await send("POST", `/api/actions/${data.id}/${verb}`, {});
          result.textContent = `${action.status}${action.result ? `: ${action.result}` : ""}`;
        } catch (error) { result.textContent = error.message; }
      });
      buttons.append(button);
    }
    if (end) countdown.textContent = `Expires at ${clock(end)} site time`;
  } else { result.textContent = data.result || data.status; }
  made.append(countdown, buttons, result);
  return made;
}

function listen(id, into) {
  run = id;
  busy(true);
  source = new EventSource(`/api/runs/${id}/events`);
  const answer = into.querySelector(".answer");
  const progress = into.querySelector(".progress");
  const on = (name, act) => source.addEventListener(name, (event) => { if (event.data) act(JSON.parse(event.data)); });
  answer.textContent = "";
  on("progress", (data) => { progress.textContent = data.text; });
  on("token", (data) => { answer.classList.add("raw"); follow(() => { answer.textContent = data.replace ? data.text : answer.textContent + data.text; }); });
  on("action", (data) => follow(() => into.querySelector(".cards").append(card(data))));
  on("done", (data) => follow(() => {
    answer.classList.remove("raw");
    answer.innerHTML = data.html; // rendered and cleaned by the server's one renderer
    into.querySelector(".meta").textContent = meta(data);
    into.insertAdjacentHTML("beforeend", data.how); // rendered by the server, too
    finish(progress);
  }));
  on("error", (data) => { answer.textContent = `${data.message} ${data.advice || ""}`; answer.classList.add("problem"); finish(progress); });
}

function finish(progress) {
  progress.textContent = "";
  source?.close();
  source = null;
  run = null;
  busy(false);
}

async function ask(question) {
  log.querySelector(".suggestions")?.remove();
  const mine = element("article", "turn user");
  mine.append(element("p", "", question));
  log.append(mine);
  const into = turn();
  scrollTo({ top: document.documentElement.scrollHeight });
  try {
    const agent = document.getElementById("agent").value || null;
    const started = await send("POST", "/api/runs", { question, conversation_id: conversation, agent });
    if (!conversation) {
      history.replaceState(null, "", `/chat?conversation=${started.conversation_id}`);
      remember(started.conversation_id, question);
    }
    conversation = started.conversation_id;
    listen(started.id, into);
  } catch (error) { into.querySelector(".answer").textContent = error.message; busy(false); }
}

function remember(id, title) {
  const link = element("a", "", title);
  link.href = `/chat?conversation=${id}`;
  link.setAttribute("aria-current", "page");
  const item = element("li");
  item.append(link);
  document.getElementById("conversations").prepend(item);
}

async function restore(place) {
  for (const id of place.dataset.actions.split(" ").filter(Boolean)) {
    const answer = await fetch(`/api/actions/${id}`);
    if (answer.ok) place.append(card(await answer.json()));
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = field.value.trim();
  if (!question || run) return;
  field.value = "";
  ask(question);
});
field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); } });
halt.addEventListener("click", () => { if (run) send("POST", `/api/runs/${run}/stop`, {}); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && run) send("POST", `/api/runs/${run}/stop`, {}); });
for (const each of document.querySelectorAll(".suggestion")) each.addEventListener("click", () => ask(each.textContent));
for (const each of log.querySelectorAll("[data-run]")) listen(each.dataset.run, each);
for (const each of log.querySelectorAll("[data-actions]")) restore(each);
if (conversation) scrollTo({ top: document.documentElement.scrollHeight });
