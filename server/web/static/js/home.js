// Home: the numbers move without a reload.
import { clock, digits, send, timezone } from "./shell.js";

const at = (now, path) => path.split(".").reduce((value, key) => value?.[key], now);
const age = (seconds) => seconds === null || seconds === undefined ? "never"
  : seconds < 90 ? `${Math.round(seconds)} s ago` : seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
const text = (element, value) => { if (element && element.textContent !== value) element.textContent = value; };
const kilo = (watts) => watts === null || watts === undefined ? "–" : `${digits(watts / 1000, 1)} kW`;

function draw(now) {
  for (const each of document.querySelectorAll("[data-v]")) {
    const value = at(now, each.dataset.v)?.value;
    text(each, digits("unsigned" in each.dataset && value ? Math.abs(value) : value, Number(each.dataset.digits || 0)));
  }
  for (const each of document.querySelectorAll("[data-budget]")) {
    const value = now.decision?.budget?.[each.dataset.budget];
    text(each, digits(value === null || value === undefined ? value : value / 1000, 1));
  }
  text(document.getElementById("direction"), (now.battery.power.value || 0) < 0 ? "Discharging" : "Charging");
  text(document.getElementById("voltage-source"), now.battery.voltage.source || "–");
  for (const each of document.querySelectorAll("[data-age]")) text(each, age(at(now, each.dataset.age)?.age_s));
  text(document.getElementById("budget"), digits(now.decision?.budget?.total_w, 0));
  text(document.getElementById("decided"), age(now.decision?.age_s));
  text(document.getElementById("level"), now.control_level);
  for (const miner of now.miners) row(document.querySelector(`[data-miner="${miner.id}"]`), miner);
  for (const zone of now.zones) {
    const line = document.querySelector(`[data-zone="${zone.id}"]`);
    if (!line) continue;
    text(line.querySelector(".c"), digits(zone.temperature.value, 1));
    text(line.querySelector(".why"), zone.explanation);
    line.querySelector(".dot").className = `dot${zone.fan_on || zone.heater_on ? " on" : ""}`;
  }
  const limits = document.getElementById("limits");
  limits.replaceChildren(...(now.decision?.limits || []).map((limit) => Object.assign(document.createElement("li"), { textContent: limit })));
  flow(now);
}

function row(line, miner) {
  if (!line) return;
  text(line.querySelector(".w"), digits(miner.power.value, 0));
  text(line.querySelector(".why"), miner.explanation);
  text(line.querySelector(".next"), miner.would_change);
  line.querySelector(".dot").className = `dot${miner.is_on === null ? " unknown" : miner.is_on ? " on" : ""}`;
}

function flow(now) {
  const miners = now.miners.reduce((sum, miner) => sum + (miner.power.value || 0), 0);
  const load = now.load.power.value;
  const house = load === null ? null : Math.max(0, load - miners);
  const battery = now.battery.power.value;
  const values = { solar: now.solar.power.value, battery, house, miners };
  for (const each of document.querySelectorAll("[data-flow]")) text(each, kilo(values[each.dataset.flow]));
  const line = (id, on, reverse) => document.getElementById(id).setAttribute("class", on ? `flowing${reverse ? " reverse" : ""}` : "");
  line("f-sun", (values.solar || 0) > 50, false);
  line("f-battery", Math.abs(battery || 0) > 50, (battery || 0) > 0);
  line("f-house", (house || 0) > 50, false);
  line("f-miners", miners > 50, false);
}

document.addEventListener("cc:now", (event) => draw(event.detail));
for (const name of ["cc:alert", "cc:action"]) {
  document.addEventListener(name, async () => {
    const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
    document.getElementById("alerts").replaceWith(page.getElementById("alerts"));
    document.getElementById("pending").replaceWith(page.getElementById("pending"));
  });
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-decide]");
  if (!button) return;
  const card = button.closest("[data-action]");
  for (const each of card.querySelectorAll("button")) each.disabled = true;
  try {
    const action = await send("POST", `/api/actions/${card.dataset.action}/${button.dataset.decide}`, {});
    text(card.querySelector(".result"), `${action.status}: ${action.result || ""}`);
  } catch (error) { text(card.querySelector(".result"), error.message); }
});

const METRICS = [["energy.pv_power_w", "Sun", "--sun", "w"], ["energy.load_power_w", "Load", "--house", "w"], ["battery.power_w", "Battery", "--battery", "w"], ["battery.voltage_v", "Voltage", "--miners", "v"]];
let plot = null;
async function chart() {
  const query = METRICS.map(([metric]) => `metric=${metric}`).join("&");
  const data = await (await fetch(`/api/energy/series?${query}&step_s=600`)).json();
  if (!data.at) return;
  const columns = [data.at.map((each) => Date.parse(each) / 1000), ...METRICS.map(([metric]) => data[metric])];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const probe = Object.assign(document.createElement("span"), { hidden: true });
  document.body.append(probe);
  const resolved = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color || colour(name); };
  const box = document.getElementById("chart");
  const ink = resolved("--quiet"), line = resolved("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const options = {
    width: box.clientWidth, height: 260, tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timezone), scales: { x: { time: true }, w: {}, v: {} },
    axes: [axis, { ...axis, scale: "w", size: 60, values: (_, all) => all.map((each) => `${each / 1000} kW`) }, { ...axis, scale: "v", side: 1, size: 68, grid: { show: false }, values: (_, all) => all.map((each) => `${each} V`) }],
    series: [{}, ...METRICS.map(([, label, name, scale]) => ({ label, scale, stroke: resolved(name), width: 2, spanGaps: false, value: (_, each) => each === null ? "–" : scale === "v" ? `${each.toFixed(2)} V` : `${digits(Math.round(each))} W` }))],
  };
  probe.remove();
  plot?.destroy();
  plot = new uPlot(options, columns, box);
  const highest = Math.max(...columns[1].filter((each) => each !== null), 0);
  text(document.getElementById("chart-summary"), `Highest solar power ${digits(highest, 0)} W in the last 24 hours.`);
  const head = `<tr><th>Time</th>${METRICS.map(([, label, , unit]) => `<th>${label} ${unit.toUpperCase()}</th>`).join("")}</tr>`;
  const rows = columns[0].map((each, i) => [each, ...columns.slice(1).map((column) => column[i])]).filter((each) => each.slice(1).some((value) => value !== null)).slice(-48)
    .map(([time, ...values]) => `<tr><td>${clock(time * 1000)}</td>${values.map((value) => `<td>${value === null ? "–" : digits(value, 1)}</td>`).join("")}</tr>`).join("");
  document.getElementById("chart-table").innerHTML = head + rows;
}
chart();
setInterval(chart, 60000);
addEventListener("resize", () => plot?.setSize({ width: document.getElementById("chart").clientWidth, height: 260 }));
