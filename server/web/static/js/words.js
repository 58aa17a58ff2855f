// Numbers and durations as the server writes them, too: thin spaces, a true minus, a dash for what is not known.
const known = (value) => value !== null && value !== undefined;

export const digits = (value, count = 0) => known(value)
  ? value.toLocaleString("en-US", { minimumFractionDigits: count, maximumFractionDigits: count }).replaceAll(",", "\u202f").replace("-", "\u2212")
  : "–";

// Watts and °C in the owner's units, which the page names; other units stay. Decimals: kW have two where W have none.
const { powerUnit = "W", temperatureUnit = "°C" } = globalThis.document?.body?.dataset ?? {};
export const unitOf = (unit) => ({ W: powerUnit, "°C": temperatureUnit })[unit] ?? unit;
export const decimalsOf = (unit, count = 0) => unit === "W" && powerUnit === "kW" ? 2 : count;
export function valueOf(value, unit) {
  if (!known(value)) return value;
  if (unit === "W" && powerUnit === "kW") return value / 1000;
  return unit === "°C" && temperatureUnit === "°F" ? value * 9 / 5 + 32 : value;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole < 600 && whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} days`;
}

export function text(element, value) { if (element && element.textContent !== value) element.textContent = value; }
