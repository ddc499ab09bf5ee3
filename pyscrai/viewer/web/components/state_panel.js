// The world at a turn: every variable, what the turn changed, and how it went over time.

import { html, useEffect, useState } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Chart } from "./chart.js";
import { Lanes } from "./lanes.js";

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function StatePanel({ session }) {
  const run = session.run.value;
  const turn = session.shownTurn.value;
  const { store } = session;
  store.version.value;
  const heading = html`<h2>${session.turn.value === null ? W.state.now : W.state.at(turn)}</h2>`;
  if (!run || !session.read.value) return html`<div class="panel-body">${heading}<p class="empty">${W.loading}</p></div>`;
  const now = store.variablesAt(turn, run.variables);
  const before = turn > 0 ? store.variablesAt(turn - 1, run.variables) : now;
  const names = Object.keys(now);
  const numeric = names.filter((name) => typeof now[name] === "number" && store.lastTurn > 0);
  const others = names.filter((name) => typeof now[name] !== "number" && store.changes[name]);
  return html`<div class="panel-body">
    ${heading}
    ${names.length === 0 ? html`<p class="empty">${W.state.none}</p>` : html`<table class="variables"><tbody>${names.map((name) => html`
      <tr key=${name} class=${before[name] !== now[name] ? "changed" : ""}><th scope="row">${titled(name)}</th><td>${bounded(session, name, now[name])}</td>
        <td class="delta">${before[name] !== now[name] ? html`<span class="old">${short(before[name])}</span> → <b>${short(now[name])}</b>` : ""}</td></tr>`)}</tbody></table>`}
    ${numeric.length > 0 && html`<h3>${W.state.over}</h3><${Chart} session=${session} names=${numeric} />`}
    ${others.length > 0 && html`<${Lanes} session=${session} names=${others} />`}
    ${source.canSteer && html`<${Whole} session=${session} turn=${turn} />`}
  </div>`;
}

const LONG = 90;

const short = (value) => { const text = plain(value); return text.length > LONG / 3 ? `${text.slice(0, LONG / 3)}…` : text; };

/** A value; one that is long folds. @param {{value: unknown}} props */
function Value({ value }) {
  const text = plain(value);
  if (text.length <= LONG) return html`<b dir="auto">${text}</b>`;
  return html`<details class="long-value"><summary><span dir="auto">${text.slice(0, LONG)}…</span></summary><pre tabindex="0">${typeof value === "object" ? JSON.stringify(value, null, 1) : text}</pre></details>`;
}

/** A number between its bounds as a bar, anything else as text. */
function bounded(session, name, value) {
  const about = session.template.value?.variables?.[name];
  if (typeof value !== "number" || typeof about?.minimum !== "number" || typeof about?.maximum !== "number") return html`<${Value} value=${value} />`;
  const share = (value - about.minimum) / (about.maximum - about.minimum || 1);
  return html`<span class="gauge"><b>${plain(value)}</b><span class="bar-track" aria-hidden="true"><i style=${{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} /></span><small>${about.maximum}</small></span>`;
}

/** The graph's state as it was, read when it is asked for. */
function Whole({ session, turn }) {
  const [open, setOpen] = useState(false);
  const [state, setState] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (!open) return;
    setState(null);
    source.state(session.id, turn).then(setState, (problem) => setState({ problem }));
  }, [open, turn]);
  return html`<details class="whole" onToggle=${(event) => setOpen(event.target.open)}><summary>${W.state.whole}</summary>
    ${open && (state === null ? html`<p class="empty">${W.loading}</p>` : state.problem ? html`<p class="hint">${state.problem.message}</p>`
      : html`${state.changed && html`<h3>${W.state.changed}</h3><pre tabindex="0">${JSON.stringify(state.changed, null, 2)}</pre>`}<pre tabindex="0">${JSON.stringify(state.state, null, 2)}</pre>`)}
  </details>`;
}
