// The page for an error of the server: shows what came of STOP, and reloads when the site answers again.
import { read } from "./send.js";
import { text } from "./words.js";

const RETRY_MS = 5_000;
const waiting = document.getElementById("waiting");

document.addEventListener("cc:stopped", ({ detail }) => text(document.querySelector("main h1"), `Stopped. Latched by ${detail.by}: ${detail.reason}`));

async function ready() {
  if (document.getElementById("stop-dialog").open) return false;
  try { return (await read("/api/health/ready")).ok; } catch { return false; }
}
if (waiting) setInterval(async () => { if (await ready()) location.reload(); }, RETRY_MS);
