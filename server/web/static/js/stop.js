// STOP: two presses, by finger or by keyboard, on every page and without anything else of the page.
import { send } from "./send.js";

const ATTEMPTS = 3;
const PATIENCE_MS = 8_000;
const dialog = document.getElementById("stop-dialog");
const form = document.getElementById("stop-form");
const problem = document.getElementById("stop-problem");
const confirm = document.getElementById("stop-confirm");
const say = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

document.getElementById("stop").closest("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
  confirm.focus();
});
document.getElementById("stop-cancel").addEventListener("click", () => dialog.close());
dialog.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.repeat) event.preventDefault(); }); // a key held down is one press
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (confirm.disabled) return;
  confirm.disabled = true;
  say("cc:stopping"); // a browser allows six connections: streams give way
  await stop(document.getElementById("stop-reason").value.trim());
  say("cc:stop-answered");
  confirm.disabled = false;
});

// The stream may tell that all is stopped before every switch has answered.
document.addEventListener("cc:latched", () => { if (problem.textContent) { problem.textContent = ""; dialog.close(); } });

async function stop(reason) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    problem.textContent = attempt > 1 ? `Trying again (${attempt} of ${ATTEMPTS}) …` : "Stopping …";
    try {
      const state = await send("POST", "/api/emergency-stop", reason ? { reason } : {}, PATIENCE_MS);
      problem.textContent = "";
      dialog.close();
      say("cc:stopped", { latched: true, by: state.changed_by, reason: state.reason });
      return;
    } catch (error) { problem.textContent = `Not stopped: ${error.message.replace(/\.+$/, "")}. If this lasts, cut the power at the breaker.`; }
  }
}
