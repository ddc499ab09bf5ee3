// A person's turn: what is asked, what the role knows, and a form of what may be answered.

import { html, useState } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { W } from "../words.js";
import { AnswerFields, nothingYet, sentOf } from "./answer_fields.js";
import { useOneAnswer } from "./one_answer.js";
import { ProblemBox } from "./problem.js";

/** What makes a request another one than that before it: a form of it begins anew. */
export const requestKey = (request) => `${request.role}|${request.turn}|${request.task}|${request.about || ""}|${request.detail || ""}|${request.ordinal ?? ""}`;

/** Sends a form with Ctrl or Command and Enter; the page's own keys are not for what is typed. */
export const sendsWith = (submit) => (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(event); }
  event.stopPropagation();
};

/**
 * @param {{request: any, send: (answer: any) => Promise<any>, release?: () => Promise<any>, names?: (role: string) => string, brief?: boolean}} props
 *   `request` is what the run asks, as the API gives it; `brief` leaves out what stands elsewhere on the page
 */
export function PersonForm({ request, send, release, names = titled, brief = false }) {
  const [answer, setAnswer] = useState(() => nothingYet(request.schema));
  const [next, setNext] = useState("");
  const { sent, problem, give } = useOneAnswer(request, send);
  const submit = (event) => { event?.preventDefault(); give(request.choices ? { next } : sentOf(answer)); };
  return html`<form class="person-form" onSubmit=${submit} onKeyDown=${sendsWith(submit)}>
    <header><h2>${W.person.asked(request.name)}</h2><small>${W.turn(request.turn)}${request.phase ? ` · ${request.phase}` : ""}</small></header>
    ${request.note && html`<p class="note">${titled(request.note)}</p>`}
    ${request.problem && html`<p class="problem">${request.problem}</p>`}
    <${Known} request=${request} brief=${brief} />
    <fieldset class="answer" disabled=${sent}>${request.choices
      ? html`<label class="field">${W.person.next}<select required value=${next} onChange=${(event) => setNext(event.target.value)}><option value="" />${request.choices.map((role) => html`<option key=${role} value=${role}>${names(role)}</option>`)}</select></label>`
      : html`<${AnswerFields} schema=${request.schema} value=${answer} change=${setAnswer} names=${names} variables=${request.variables} />`}</fieldset>
    <${ProblemBox} problem=${problem} />
    <div class="row end">${release && html`<button type="button" class="plain" disabled=${sent} onClick=${release}>${W.person.release}</button><span class="space" />`}<small class="wide">${W.person.sendKeys}</small><button class="primary" disabled=${sent} type="submit">${sent ? W.person.sent : W.person.send}</button></div>
  </form>`;
}

/** What the role alone knows, where it does not stand elsewhere on the page. @param {{request: any, brief: boolean}} props */
export function Known({ request, brief }) {
  if (brief) return null;
  return html`${request.secret && html`<p class="secret"><b>${W.person.secret}:</b> ${request.secret}</p>`}
    ${Object.keys(request.variables || {}).length > 0 && html`<p class="hint">${Object.entries(request.variables).map(([name, value]) => `${titled(name)}: ${plain(value)}`).join(" · ")}</p>`}`;
}
