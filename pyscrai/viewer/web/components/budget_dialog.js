// What a run may cost: what was spent, what is allowed, and another bound for the turns to come.

import { html, useState } from "../lib/html.js";
import { money } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { fits } from "./controls.js";
import { Dialog } from "./dialog.js";
import { ProblemBox } from "./problem.js";
import { forecast } from "./spend.js";
import { say } from "./toasts.js";

/** @param {{session: import("../data/run_session.js").RunSession, close: () => void}} props */
export function BudgetDialog({ session, close }) {
  const run = session.run.value;
  const budget = run.settings?.budget_usd ?? null;
  const spent = run.usage?.cost_usd;
  const [wanted, setWanted] = useState(/** @type {number | undefined} */ (budget ?? undefined));
  const [unpriced, setUnpriced] = useState(Boolean(run.settings?.allow_unknown_price));
  const [problem, setProblem] = useState(null);
  const able = fits(run).budget;
  const ask = (amount) => async () => {
    try {
      await source.budget(session.id, { budget_usd: amount, allow_unknown_price: unpriced });
      say(amount === null ? W.budget.lifted : W.budget.set(money(amount)));
      session.refresh();
      close();
    } catch (error) { setProblem(error); session.refresh(); }
  };
  const toEnd = forecast(run, session.template.value);
  return html`<${Dialog} title=${W.budget.title} close=${close} submit=${ask(wanted ?? null)} footer=${(form) => html`
      ${budget !== null && html`<button disabled=${!able} onClick=${ask(null)}>${W.budget.lift}</button>`}<span class="space" /><button class="primary" type="submit" disabled=${!able || wanted === undefined} form=${form}>${W.budget.go}</button>`}>
    <dl class="facts"><dt>${W.budget.spent}</dt><dd>${spent === null ? W.budget.unknown : money(spent ?? 0)}</dd><dt>${W.budget.now}</dt><dd>${budget === null ? W.budget.without : money(budget)}</dd>
      ${toEnd !== null && html`<dt>${W.budget.toEnd}</dt><dd>${money(toEnd)}</dd>`}</dl>
    ${able ? "" : html`<p class="hint" role="status">${W.budget.stands}</p>`}
    <label class="field">${W.budget.wanted}<input type="number" min="0" step="any" required autofocus disabled=${!able} value=${wanted ?? ""} onInput=${(event) => setWanted(event.target.value === "" ? undefined : Number(event.target.value))} /><small>${W.budget.hint}</small></label>
    <${UnknownPrice} value=${unpriced} change=${setUnpriced} disabled=${!able} />
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}

/** Whether a budget may go with models that have no known price. @param {{value: boolean, change: (value: boolean) => void, disabled?: boolean}} props */
export function UnknownPrice({ value, change, disabled = false }) {
  return html`<label class="check"><input type="checkbox" checked=${value} disabled=${disabled} onChange=${(event) => change(event.target.checked)} />${W.budget.unpriced}</label>`;
}
