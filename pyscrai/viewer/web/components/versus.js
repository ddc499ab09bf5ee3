// Variables and scores of two futures on one axis.

import { html } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { W } from "../words.js";
import { Lines, overTurns } from "./chart.js";

/** @param {{one: any, other: any, turn: number}} props the sessions of two runs, and the last turn that they share */
export function VersusCharts({ one, other, turn }) {
  one.store.version.value;
  other.store.version.value;
  const now = [one.run.value?.variables || {}, other.run.value?.variables || {}];
  const names = Object.keys({ ...now[0], ...now[1] }).filter((name) => typeof (now[0][name] ?? now[1][name]) === "number");
  if (!names.length) return null;
  const last = Math.max(one.store.lastTurn, other.store.lastTurn);
  const turns = Array.from({ length: last + 1 }, (_, at) => at);
  const filled = (session, name, values) => { const found = overTurns(session.store, name, values[name]); return turns.map((at) => found[at] ?? null); };
  return html`<section class="card"><h2>${W.futures.variables}</h2><div class="small-charts">${names.map((name) => html`<div key=${name}><h3>${titled(name)}</h3>
    <${Lines} turns=${turns} series=${[{ label: "A", values: filled(one, name, now[0]) }, { label: "B", values: filled(other, name, now[1]) }]} turn=${turn} height=${120} label=${`${titled(name)}: A, B`} /></div>`)}</div></section>`;
}

/** The last value of each measure in both, with the difference. @param {{one: any, other: any}} props */
export function VersusScores({ one, other }) {
  one.store.version.value;
  other.store.version.value;
  const found = new Map();
  [one, other].forEach((session, side) => {
    for (const event of session.store.measurements) {
      if (event.kind !== "measurement") continue;
      const key = `${event.payload.measure}|${event.payload.of || ""}`;
      if (!found.has(key)) found.set(key, { measure: event.payload.measure, of: event.payload.of, values: [undefined, undefined] });
      found.get(key).values[side] = event.payload.value;
    }
  });
  if (!found.size) return null;
  const numbers = (values) => values.every((value) => typeof value === "number");
  return html`<section class="card"><h2>${W.futures.scores}</h2><table class="versus"><thead><tr><th>${W.score.value}</th><th>A</th><th>B</th><th class="number">B − A</th></tr></thead>
    <tbody>${[...found.values()].map(({ measure, of, values }) => html`<tr key=${`${measure}${of}`}><td>${titled(measure)}${of ? html` <span class=${one.hue(of)}><span class="who">${one.store.name(of)}</span></span>` : ""}</td>
      <td><b class="a">${values[0] ?? "–"}</b></td><td><b class="b">${values[1] ?? "–"}</b></td><td class="number">${numbers(values) ? (values[1] - values[0] > 0 ? "+" : "") + (Math.round((values[1] - values[0]) * 1000) / 1000) : values[0] === values[1] ? "=" : "≠"}</td></tr>`)}</tbody></table></section>`;
}
