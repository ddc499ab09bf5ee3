// Numbers, times and identifiers as people read them.

import { W } from "../words.js";

const count = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });

export const number = (value) => (value === null || value === undefined ? "–" : count.format(value));

export const compact = (value) => (value === null || value === undefined ? "–" : short.format(value));

/** An amount in dollars; small ones keep their digits. */
export function money(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "$0";
  return value < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(value < 1 ? 3 : 2)}`;
}

/** Milliseconds as a person says them. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.round(ms % 60_000 / 1000)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const timeOfDay = (text) => (text ? clock.format(new Date(text)) : "");

export const moment = (text) => (text ? day.format(new Date(text)) : "–");

/** How long ago something was, roughly. */
export function ago(text) {
  if (!text) return "";
  const seconds = (Date.now() - Date.parse(text)) / 1000;
  if (seconds < 60) return W.justNow;
  if (seconds < 3600) return W.minutesAgo(Math.floor(seconds / 60));
  if (seconds < 86_400) return W.hoursAgo(Math.floor(seconds / 3600));
  return moment(text);
}

/** An identifier as a title: `first_reaction` is "First reaction". */
export function titled(name) {
  const words = String(name ?? "").replace(/[_-]/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const DIGITS = 12;

/** A number without the noise of binary fractions, which stands behind its 12th digit: 4.9 for 4.8999999999999995. */
const unnoised = (value) => (typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : value);

/** A value as text: objects as JSON. */
export function plain(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value, (_, part) => unnoised(part)) : String(unnoised(value));
}

const LONG = 80;

const apart = (items, others) => {
  const left = others.map((item) => JSON.stringify(item));
  return items.filter((item) => {
    const at = left.indexOf(JSON.stringify(item));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

/** A change of a value, before and after; of a long list only what was taken out (−) and put in (+). */
export function change(old, now) {
  if (!Array.isArray(old) || !Array.isArray(now) || plain(old).length + plain(now).length <= LONG) return [plain(old), plain(now)];
  const told = [...apart(old, now).map((item) => `− ${plain(item)}`), ...apart(now, old).map((item) => `+ ${plain(item)}`)];
  return told.length ? ["", told.join(", ")] : [plain(old), plain(now)];
}

/** Names as a list in words: "Ann, Bob and Cleo". */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${W.and} ${names[names.length - 1]}`;
}
