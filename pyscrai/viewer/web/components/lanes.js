// Variables that are no numbers, each as a lane of stretches over the turns.

import { html } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { overTurns } from "./chart.js";

/** @param {{session: import("../data/run_session.js").RunSession, names: string[]}} props */
export function Lanes({ session, names }) {
  const { store } = session;
  const last = store.lastTurn || 1;
  return html`<div class="lanes">${names.map((name) => {
    const stretches = [];
    overTurns(store, name, session.run.value.variables[name]).forEach((value, turn) => {
      const open = stretches[stretches.length - 1];
      if (open && open.value === value) open.until = turn; else stretches.push({ value, from: turn, until: turn });
    });
    const values = [...new Set(stretches.map((each) => each.value))];
    return html`<div key=${name} class="lane"><span>${titled(name)}</span><div class="lane-track">${stretches.map((each, index) => html`
      <button key=${each.from} class=${`key-${values.indexOf(each.value) % 5}`} style=${{ left: `${(each.from / last) * 100}%`, width: `${(((stretches[index + 1]?.from ?? last) - each.from) / last) * 100}%` }} title=${`${plain(each.value)}, ${each.from}–${each.until}`} onClick=${() => session.lookAt(each.from)}>${plain(each.value)}</button>`)}</div></div>`;
  })}</div>`;
}
