// STOP: two presses, by finger or by keyboard, on every page and without anything else of the page.
import { ofSite, send } from "./send.js";

const ATTEMPTS = 3;
const PAUSES_MS = [700, 2_000]; // a line that is away for a moment
const PATIENCE_MS = 8_000;
const dialog = document.getElementById("stop-dialog");
const form = document.getElementById("stop-form");
const problem = document.getElementById("stop-problem");
const confirm = document.getElementById("stop-confirm");
let openings = 0;
let left = false; // loads that are not stopped are being named
const say = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

document.getElementById("stop").closest("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!dialog.open) { openings += 1; left = false; confirm.disabled = false; problem.textContent = ""; dialog.showModal(); }
  confirm.focus();
});
document.getElementById("stop-cancel").addEventListener("click", () => dialog.close());
dialog.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.repeat) event.preventDefault(); }); // a key held down is one press
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (confirm.disabled) return;
  confirm.disabled = true;
  say("cc:stopping"); // a browser allows six connections: streams give way
  const opening = openings; // the stream may close the dialog before the answer, and its owner open it again
  await stop(document.getElementById("stop-reason").value.trim(), (words) => { if (opening === openings) problem.textContent = words; });
  say("cc:stop-answered");
  if (opening === openings) confirm.disabled = false;
});

// The stream may tell that all is stopped before every switch has answered.
document.addEventListener("cc:latched", () => { if (problem.textContent && !left) { problem.textContent = ""; dialog.close(); } });

// Three tries, as long as the dialog that asked is open; ``tell`` shows there how it goes.
async function stop(reason, tell) {
  const opening = openings;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    tell(attempt > 1 ? `Trying again (${attempt} of ${ATTEMPTS}) …` : "Stopping …");
    try {
      const state = await send("POST", ofSite("/api/emergency-stop"), reason ? { reason } : {}, PATIENCE_MS);
      tell("");
      if (opening === openings) dialog.close();
      say("cc:stopped", { latched: true, by: state.changed_by, reason: state.reason });
      if (state.not_stopped.length && opening === openings) { // which loads still draw is shown in the dialog, where the owner looks
        tell(`Not stopped: ${state.not_stopped.join(", ")}. If this lasts, cut the power at the breaker.`);
        left = true;
        dialog.showModal();
      }
      return;
    } catch (error) {
      tell(`Not stopped: ${error.message.replace(/\.+$/, "")}. If this lasts, cut the power at the breaker.`);
      if (error.final || attempt === ATTEMPTS) return;
    }
    await new Promise((rested) => { setTimeout(rested, PAUSES_MS[attempt - 1]); });
    if (!dialog.open || opening !== openings) return; // called off, or latched meanwhile
  }
}
