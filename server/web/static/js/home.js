// Home: the numbers move without a reload, and stop moving without news.
import "./chart.js";
import { renew } from "./renew.js";
import { siteNow } from "./site_time.js";
import { decimalsOf, digits, text, valueOf } from "./words.js";

const MOVES_FROM_W = 50;
const at = (now, path) => path.split(".").reduce((value, key) => (Array.isArray(value) ? value.find((each) => each.id === key) : value?.[key]), now);
const svg = document.getElementById("flow");
let newest = null;

// The reading's time on the site: its age was counted at `now.at`.
const since = (now, reading) => reading?.age_s === null || reading?.age_s === undefined ? ""
  : new Date(Date.parse(now.at) - reading.age_s * 1000).toISOString();

function dated(element, now, reading) {
  element.dataset.since = since(now, reading);
  element.dataset.staleAfter = reading?.stale_after_s ?? "";
}

function draw(now) {
  for (const each of document.querySelectorAll("[data-v]")) {
    const reading = at(now, each.dataset.v);
    const value = reading?.value;
    text(each, digits(valueOf("unsigned" in each.dataset && value ? Math.abs(value) : value, each.dataset.unit), Number(each.dataset.digits)));
    dated(each, now, reading);
  }
  for (const each of document.querySelectorAll("[data-age-of]")) dated(each, now, at(now, each.dataset.ageOf));
  for (const each of document.querySelectorAll("[data-budget]")) {
    const value = now.decision?.budget?.[each.dataset.budget];
    text(each, digits(value === null || value === undefined ? value : value / 1000, 1));
  }
  text(document.getElementById("direction"), (now.battery.power.value ?? 0) < 0 ? "Discharging" : "Charging");
  text(document.getElementById("voltage-source"), now.battery.voltage.source ?? "–");
  text(document.getElementById("budget"), digits(valueOf(now.decision?.budget?.total_w, "W"), decimalsOf("W")));
  text(document.getElementById("battery-range"), now.battery.range.sentence);
  document.getElementById("decided").dataset.since = now.decision?.at ?? "";
  text(document.getElementById("level"), now.control_level);
  if (changed("[data-miner]", now.miners) || changed("[data-zone]", now.zones)) return renew();
  for (const miner of now.miners) row(document.querySelector(`[data-miner="${miner.id}"]`), miner, miner.is_on);
  for (const zone of now.zones) row(document.querySelector(`[data-zone="${zone.id}"]`), zone, zone.fan_on || zone.heater_on || false);
  const limits = document.getElementById("limits");
  limits.replaceChildren(...(now.decision?.limits ?? []).map((limit) => Object.assign(document.createElement("li"), { textContent: limit })));
}

// Whether the owner has added or removed a miner or a room: then the page is loaded again.
const changed = (lines, shown) => document.querySelectorAll(lines).length !== shown.length;

function row(line, shown, isOn) {
  if (!line) return;
  text(line.querySelector(".why"), shown.explanation);
  text(line.querySelector(".next"), shown.would_change);
  line.querySelector(".dot").className = `dot${isOn === null ? " unknown" : isOn ? " on" : ""}`;
}

// The powers that rings and lines show. Nothing is subtracted here: house and miners are shown as measured or decided.
function powers(now) {
  const miners = now.miners.map((miner) => miner.power).filter((power) => power.value !== null);
  const sum = miners.length ? miners.reduce((total, power) => total + power.value, 0) : null;
  const oldest = miners.reduce((worst, power) => ((power.age_s ?? 0) > (worst?.age_s ?? -1) ? power : worst), null);
  return { sun: now.solar.power, battery: now.battery.power, house: now.load.base, miners: { ...oldest, value: sum } };
}

const kilowatts = (watts) => watts === null || watts === undefined ? "–" : digits(Math.abs(watts) / 1000, Math.abs(watts) < 99_950 ? 1 : 0);

function flow(now, fresh) {
  const shown = powers(now);
  const told = siteNow() - Date.parse(now.at);
  const holds = (reading) => reading.value !== null && reading.age_s !== null && (reading.age_s * 1000 + told) / 1000 <= (reading.stale_after_s ?? Infinity);
  const watts = (name) => (fresh && holds(shown[name]) ? shown[name].value : 0);
  for (const [name, reading] of Object.entries(shown)) {
    const ring = svg.querySelector(`[data-flow="${name}"]`);
    text(ring, kilowatts(reading.value));
    ring.classList.toggle("stale", !holds(reading));
  }
  const sun = watts("sun") > MOVES_FROM_W, discharge = watts("battery") < -MOVES_FROM_W;
  const lines = { sun, charge: watts("battery") > MOVES_FROM_W, discharge };
  for (const load of ["house", "miners"]) {
    lines[`sun-${load}`] = sun && watts(load) > MOVES_FROM_W;
    lines[`battery-${load}`] = discharge && watts(load) > MOVES_FROM_W;
  }
  for (const [name, moves] of Object.entries(lines)) svg.querySelector(`[data-line="${name}"]`).classList.toggle("flowing", moves);
  const still = !fresh || !holds(shown.sun) && !holds(shown.battery);
  text(document.getElementById("flow-note"), still ? "Standing still: no fresh values." : "");
  svg.setAttribute("aria-label", `Energy flow: ${described(shown)}`);
}

function described({ sun, battery, house, miners }) {
  const way = battery.value !== null && battery.value < 0 ? "gives" : "takes";
  return `sun ${kilowatts(sun.value)} kW, battery ${way} ${kilowatts(battery.value)} kW, house ${kilowatts(house.value)} kW, miners ${kilowatts(miners.value)} kW`;
}

document.addEventListener("cc:now", ({ detail }) => { newest = detail; draw(detail); flow(detail, true); });
document.addEventListener("cc:tick", ({ detail }) => { if (newest) flow(newest, detail.fresh); });
