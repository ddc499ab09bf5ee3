// The heard-by lens: what a role knew at a turn, and the very prompt that was built from it.

import { html, useEffect, useState } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Prompt } from "./prompt.js";

const NO_PROMPT = { text: "", turn: 0 };

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function MindPanel({ session }) {
  const run = session.run.value;
  const role = session.lens.value;
  const turn = session.shownTurn.value;
  const [view, setView] = useState(/** @type {any} */ (null));
  const [call, setCall] = useState(/** @type {any} */ (null));

  useEffect(() => {
    if (!role || !source.roleView) { setView(null); return; }
    let current = true;
    const later = setTimeout(() => source.roleView(session.id, role, turn).then((found) => current && setView(found), (problem) => current && setView({ problem })), 120);
    return () => { current = false; clearTimeout(later); };
  }, [role, turn]);
  useEffect(() => {
    if (!role) { session.prompt.value = NO_PROMPT; setCall(null); return undefined; }
    let current = true;
    const later = setTimeout(() => nearestCall(session.id, role, turn).then((found) => {
      if (!current) return;
      setCall(found);
      session.prompt.value = { text: found?.messages?.map((message) => message.content).join("\n") || "", turn: found?.turn || 0 };
    }, () => {}), 120);
    return () => { current = false; clearTimeout(later); };
  }, [role, turn]);
  useEffect(() => () => { session.prompt.value = NO_PROMPT; }, []);

  if (!run) return null;
  const chooser = html`<label class="lens-choice">${W.lens.label}<select value=${role} onChange=${(event) => session.readAs(event.target.value)}>
    <option value="">${W.lens.everyone}</option>${run.cast.map((member) => html`<option key=${member.role} value=${member.role}>${member.name}</option>`)}</select></label>`;
  if (!role) return html`<div class="panel-body">${chooser}<p class="empty">${W.lens.hint}</p></div>`;
  return html`<div class=${`panel-body ${session.hue(role)}`}>
    ${chooser}
    <h2>${W.lens.knewAt(session.store.name(role), turn)}</h2>
    ${view && !view.problem && html`
      ${view.secret && html`<section class="secret"><h3>${W.lens.secret}</h3><p>${view.secret}</p></section>`}
      ${view.summary && html`<section><h3>${W.lens.memory}</h3><p>${view.summary}</p></section>`}
      ${Object.keys(view.variables).length > 0 && html`<section><h3>${W.lens.variables}</h3><dl class="facts">${Object.entries(view.variables).map(([name, value]) => html`<dt>${titled(name)}</dt><dd><b>${plain(value)}</b></dd>`)}</dl></section>`}`}
    ${view?.problem && html`<p class="hint">${view.problem.message}</p>`}
    <h3>${W.lens.prompt}</h3>
    ${call ? html`${call.turn !== turn && html`<p class="hint">${W.lens.noPrompt} (${W.turn(call.turn)})</p>`}<${Prompt} messages=${call.messages} />` : html`<p class="empty">${W.lens.none}</p>`}
  </div>`;
}

/** The call that a role made in a turn, or the last one before, or the first one after. */
async function nearestCall(id, role, turn) {
  for (const range of [[turn, turn], [Math.max(0, turn - 30), turn - 1], [0, turn - 31], [turn + 1, turn + 30]]) {
    if (range[1] < range[0] || range[1] < 0) continue;
    const found = await source.calls(id, { role, from_turn: range[0], to_turn: range[1], prompts: true, limit: 200 });
    const spoken = found.items.filter((call) => call.task !== "summarize");
    const from = spoken.length ? spoken : found.items;
    if (from.length) return range[0] > turn ? from[0] : from[from.length - 1];
  }
  return null;
}
