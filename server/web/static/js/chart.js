// The last 24 hours as lines and as a table: site time, 24 hours, one colour a quantity, gaps where nothing was measured.
import { ofSite, read } from "./send.js";
import { clock, day, siteNow } from "./site_time.js";
import { decimalsOf, digits, text, unitOf, valueOf } from "./words.js";

const HOUR_S = 3_600;
const STEP_S = 600;
const REFRESH_MS = 60_000;
const METRICS = [
  ["energy.pv_power_w", "Sun", "--sun", "W"], ["energy.load_power_w", "Load", "--load", "W"],
  ["battery.power_w", "Battery", "--battery", "W"], ["battery.voltage_v", "Voltage", "--voltage", "V"],
];
const box = document.getElementById("chart");
const ranges = [...document.querySelectorAll("[data-hours]")];
let plot = null;
let columns = null;
let view = null; // [from, to] in seconds while the owner looks closer; null follows the newest

async function load() {
  const end = (Math.floor(siteNow() / 1000 / STEP_S) + 1) * STEP_S;
  const query = new URLSearchParams([...METRICS.map(([metric]) => ["metric", metric]), ["step_s", STEP_S],
    ["from", new Date((end - 24 * HOUR_S) * 1000).toISOString()], ["to", new Date(end * 1000).toISOString()]]);
  try {
    const answer = await read(ofSite(`/api/energy/series?${query}`), 20_000);
    if (!answer.ok) return;
    const data = await answer.json();
    if (!data.at) return;
    columns = [data.at.map((each) => Date.parse(each) / 1000), ...METRICS.map(([metric]) => data[metric])];
  } catch { return; } // the picture stays until the next one comes
  if (plot) plot.setData(columns, false); else draw();
  scale();
  tell();
}

const range = () => view ?? [columns[0][0], columns[0].at(-1) + STEP_S];
function scale() {
  const [min, max] = range();
  plot.setScale("x", { min, max });
  box.dataset.view = view ? view.map(Math.round).join(" ") : "";
}

function show(hours) {
  view = hours === 24 ? null : [columns[0].at(-1) + STEP_S - hours * HOUR_S, columns[0].at(-1) + STEP_S];
  pressed(hours);
  scale();
}
function pressed(hours) { for (const each of ranges) each.setAttribute("aria-pressed", String(Number(each.dataset.hours) === hours)); }

function zoomed(min, max) {
  const [first, last] = [columns[0][0], columns[0].at(-1) + STEP_S];
  const width = Math.min(Math.max(max - min, 2 * STEP_S), last - first);
  const from = Math.min(Math.max(min, first), last - width);
  view = width >= last - first - 1 ? null : [from, from + width];
  pressed(view ? 0 : 24);
  scale();
}

// Called at every change of the shown span, those made by this script too; any other change is a drag of the mouse.
function dragged({ min, max }) {
  const [from, to] = range();
  if (Math.abs(min - from) > 1 || Math.abs(max - to) > 1) queueMicrotask(() => zoomed(min, max));
}

function draw() {
  const colours = getComputedStyle(box);
  const probe = box.appendChild(document.createElement("i"));
  const colour = (name) => { probe.style.color = `var(${name})`; return colours && getComputedStyle(probe).color; };
  const ink = colour("--quiet"), line = colour("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const written = (unit, count) => (_, value) => value === null || value === undefined ? "–" : `${digits(valueOf(value, unit), decimalsOf(unit, count))} ${unitOf(unit)}`;
  // Where nothing was measured the axes show what is usual: a kilowatt, and the battery's own range. A voltage is never drawn from 0.
  const unknown = (min, max) => min === null || max === null;
  const edge = { pad: 0.1, soft: 0, mode: 3 };
  const watts = (_, min, max) => unknown(min, max) ? [0, 1000] : uPlot.rangeNum(min, max, { min: edge, max: edge });
  const volts = (_, min, max) => unknown(min, max) ? [Number(box.dataset.lowestV), Number(box.dataset.highestV)] : [Math.floor(min - 0.5), Math.ceil(max + 0.5)];
  const options = {
    width: box.clientWidth, height: 260,
    scales: { x: { time: true }, W: { range: watts }, V: { range: volts } },
    cursor: { drag: { x: true, y: false, setScale: true } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((each, i) => { const at = each * 1000; return i && day(splits[i - 1] * 1000) === day(at) ? clock(at) : `${clock(at)}\n${day(at)}`; }) },
      { ...axis, scale: "W", size: 62, values: (_, splits) => splits.map((each) => `${digits(each / 1000, each % 1000 ? 1 : 0)} kW`) },
      { ...axis, scale: "V", side: 1, size: 68, grid: { show: false }, values: (_, splits) => splits.map((each) => `${digits(each, 1)} V`) },
    ],
    series: [{ label: "Time", value: (_, at) => at ? `${day(at * 1000)} ${clock(at * 1000)}` : "–" },
      ...METRICS.map(([, label, name, unit]) => ({ label, scale: unit, stroke: colour(name), width: 2, spanGaps: false, value: written(unit, unit === "V" ? 2 : 0) }))],
    hooks: { setScale: [(u, key) => { if (key === "x") dragged(u.scales.x); if (key === "V") box.dataset.volts = `${u.scales.V.min} ${u.scales.V.max}`; }] },
  };
  probe.remove();
  box.replaceChildren();
  plot = new uPlot(options, columns, box);
  touch(plot.over);
  plot.over.addEventListener("dblclick", () => queueMicrotask(() => show(24)));
}

// One finger reads values (and moves the picture where it is magnified), two magnify.
function touch(over) {
  const fingers = new Map();
  const left = (event) => event.clientX - over.getBoundingClientRect().left;
  const spread = () => { const [a, b] = [...fingers.values()]; return b === undefined ? null : { low: Math.min(a, b), high: Math.max(a, b, Math.min(a, b) + 10) }; };
  over.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") { fingers.set(event.pointerId, left(event)); over.setPointerCapture(event.pointerId); } });
  over.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = spread(), was = fingers.get(event.pointerId);
    fingers.set(event.pointerId, left(event));
    const after = spread(), value = (x) => plot.posToVal(x, "x");
    if (before && after) {
      const scale_ = (value(before.high) - value(before.low)) / (after.high - after.low);
      const min = value(before.low) - after.low * scale_;
      zoomed(min, min + over.clientWidth * scale_);
    } else if (view) {
      const moved = value(was) - value(left(event));
      zoomed(view[0] + moved, view[1] + moved);
    } else plot.setCursor({ left: left(event), top: 40 });
  });
  for (const name of ["pointerup", "pointercancel"]) over.addEventListener(name, (event) => fingers.delete(event.pointerId));
}

function tell() {
  const suns = columns[1].filter((each) => each !== null);
  text(document.getElementById("chart-summary"), suns.length ? `Highest solar power ${digits(valueOf(Math.max(...suns), "W"), decimalsOf("W"))} ${unitOf("W")} in the last 24 hours.` : "Nothing was measured in the last 24 hours.");
  const rows = columns[0].map((at, i) => [at, ...columns.slice(1).map((column) => column[i])]).filter((row) => row.slice(1).some((value) => value !== null)).slice(-48).reverse();
  const cell = (tag, words) => Object.assign(document.createElement(tag), { textContent: words });
  const line = (cells) => { const made = document.createElement("tr"); made.append(...cells); return made; };
  document.getElementById("chart-table").replaceChildren(
    line(["Time", ...METRICS.map(([, label, , unit]) => `${label} ${unitOf(unit)}`)].map((words) => cell("th", words))),
    ...rows.map(([at, ...values]) => line([cell("td", clock(at * 1000)), ...values.map((value, i) => cell("td", digits(valueOf(value, METRICS[i][3]), decimalsOf(METRICS[i][3], METRICS[i][3] === "V" ? 2 : 0))))])),
  );
}

for (const each of ranges) each.addEventListener("click", () => { if (columns) show(Number(each.dataset.hours)); });
addEventListener("resize", () => plot?.setSize({ width: box.clientWidth, height: 260 }));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (columns) { draw(); scale(); } });
setInterval(() => { if (!document.hidden) load(); }, REFRESH_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
load();
