// A live stream that comes back: cut, refused or silent, it is opened again. Runs in pages and in workers.
import { mark, since } from "./elapsed.js";
import { read } from "./send.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

// Calls `hear(name, data)` for every named event, and for its own state `hear("lost")`, `hear("again")` before it
// starts from the beginning (a browser that reconnects by itself goes on where it was cut), and `hear("signed-out")`.
// Returns a function that ends it; its `wake` opens a stream at once that waits for its next try or has long been silent.
export function follow(url, names, hear, { silentMs = 20_000 } = {}) {
  let source = null, retry = null, watch = null, wait = FIRST_WAIT_MS, ended = false, lost = false, heard = mark();

  function open() {
    retry = null;
    source = new EventSource(url);
    for (const name of names) source.addEventListener(name, (event) => { if (event.data !== undefined) told(name, event.data); });
    source.onerror = (event) => {
      if (event.data !== undefined || ended) return; // an event that is named "error"
      lost = true;
      hear("lost");
      if (source.readyState === EventSource.CLOSED) again(); // refused: browsers give up for good
    };
    listen();
  }
  function told(name, data) { lost = false; wait = FIRST_WAIT_MS; listen(); hear(name, JSON.parse(data)); }
  function listen() { heard = mark(); clearTimeout(watch); watch = setTimeout(() => { hear("lost"); again(); }, silentMs); }
  async function again() {
    close();
    hear("again");
    retry = setTimeout(open, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    if (await signedOut() && !ended) hear("signed-out");
  }
  function close() { clearTimeout(retry); clearTimeout(watch); source?.close(); }
  function wake() {
    if (ended || !lost && retry === null && since(heard) < silentMs / 2) return;
    close();
    hear("again");
    wait = FIRST_WAIT_MS;
    open();
  }

  open();
  return Object.assign(() => { ended = true; close(); }, { wake });
}

async function signedOut() {
  try { return (await read("/api/auth/session")).status === 401; } catch { return false; }
}
