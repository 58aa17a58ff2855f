// Reloads a page's content, but not while it is in use: while STOP's question is open or a text is half written.
const FIELDS = "input:not([type=hidden]), textarea";
const inUse = () => document.querySelector("dialog[open]") || [...document.querySelectorAll(FIELDS)].some((field) => field.value !== field.defaultValue);

export function renew() {
  if (inUse()) return false;
  location.reload();
  return true;
}

// Once for a version: where two versions answer in turn, as during an update, no page reloads for ever.
const KEY = "cc.renewed";
export function renewFor(version) {
  try {
    if (sessionStorage.getItem(KEY) === version) return;
    if (!inUse()) sessionStorage.setItem(KEY, version);
  } catch { return; } // without that memory it might
  renew();
}
