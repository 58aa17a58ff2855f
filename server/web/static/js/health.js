// Health: read again while the page is visible. If a read fails, the page stays as it is and its ages go on counting.
import { read } from "./send.js";

const EVERY_MS = 15_000;

async function refresh() {
  const shown = document.getElementById("health");
  const open = [...shown.querySelectorAll("details")].map((each) => each.open);
  try {
    const answer = await read(shown.dataset.refresh);
    const found = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("health") : null;
    if (!found) return;
    found.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(open[i]); });
    const focused = [...shown.querySelectorAll("summary")].indexOf(document.activeElement);
    shown.replaceWith(found);
    found.querySelectorAll("summary")[focused]?.focus();
  } catch { /* the next one asks again */ }
}
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
