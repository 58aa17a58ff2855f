// The site's time: it may run faster than the browser's, and is shown in the site's zone, in 24 hours.
import { mark, since } from "./elapsed.js";

const zone = document.body.dataset.timezone || undefined;
export const speed = Number(document.body.dataset.speed || 1);
let known = { site: Date.parse(document.body.dataset.at), when: mark() };

// `at` was true on the site `when`.
export function heard(at, when) { known = { site: Date.parse(at), when }; }

export const siteNow = () => known.site + since(known.when) * speed;

const format = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ day: "numeric", month: "short" });
const MOMENT = format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const clock = (at) => CLOCK.format(at);
export const day = (at) => DAY.format(at);
export const moment = (at) => MOMENT.format(at);
