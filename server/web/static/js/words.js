// Numbers and durations as the server writes them, too: thin spaces, a true minus, a dash for what is not known.
const known = (value) => value !== null && value !== undefined;

export const digits = (value, count = 0) => known(value)
  ? value.toLocaleString("en-US", { minimumFractionDigits: count, maximumFractionDigits: count }).replaceAll(",", "\u202f").replace("-", "\u2212")
  : "–";

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole < 600 && whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} days`;
}

export function text(element, value) { if (element && element.textContent !== value) element.textContent = value; }
