// A person's turn: what is asked, what the role knows, and a form of what may be answered.

import { html, useEffect, useState } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { W } from "../words.js";
import { ProblemBox } from "./problem.js";
import { ValueField } from "./value_field.js";

/**
 * @param {{request: any, send: (answer: any) => Promise<any>, release?: () => Promise<any>, names?: (role: string) => string, brief?: boolean}} props
 *   `request` is what the run asks, as the API gives it; `brief` leaves out what stands elsewhere on the page
 */
export function PersonForm({ request, send, release, names = titled, brief = false }) {
  const [text, setText] = useState("");
  const [to, setTo] = useState("");
  const [moves, setMoves] = useState({});
  const [next, setNext] = useState("");
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { setText(""); setTo(""); setMoves({}); setNext(""); setProblem(null); }, [request.turn, request.role, request.task]);
  const fields = request.schema?.properties || {};
  const audiences = (fields.to?.enum || fields.to?.anyOf?.flatMap((each) => each.enum || []) || []).filter((each) => each !== null);
  const actions = fields.actions?.properties || {};
  const needed = new Set(fields.actions?.required || []);
  const submit = async (event) => {
    event?.preventDefault();
    setBusy(true);
    setProblem(null);
    const answer = {};
    if (request.choices) answer.next = next;
    else {
      if (text.trim()) answer.text = text.trim();
      if (to) answer.to = to;
      const made = Object.entries(moves).filter(([, values]) => values && Object.keys(values).length);
      if (made.length) answer.actions = Object.fromEntries(made);
    }
    try { await send(answer); } catch (error) { setProblem(error); }
    setBusy(false);
  };
  const keys = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(); event.stopPropagation(); };
  return html`<form class="person-form" onSubmit=${submit} onKeyDown=${keys}>
    <header><h2>${W.person.asked(request.name)}</h2><small>${request.phase}</small></header>
    ${request.note && html`<p class="note">${titled(request.note)}</p>`}
    ${!brief && request.secret && html`<p class="secret"><b>${W.person.secret}:</b> ${request.secret}</p>`}
    ${!brief && Object.keys(request.variables || {}).length > 0 && html`<p class="hint">${Object.entries(request.variables).map(([name, value]) => `${titled(name)}: ${plain(value)}`).join(" · ")}</p>`}
    ${request.choices
      ? html`<label class="field">${W.person.next}<select required value=${next} onChange=${(event) => setNext(event.target.value)}><option value="" />${request.choices.map((role) => html`<option key=${role} value=${role}>${names(role)}</option>`)}</select></label>`
      : html`<label class="field">${W.person.speak}<textarea rows="3" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
        ${audiences.length > 0 && html`<label class="field">${W.person.to}<select value=${to} onChange=${(event) => setTo(event.target.value)}><option value="">${W.person.everyone}</option>${audiences.filter((each) => each !== "all").map((each) => html`<option key=${each} value=${each}>${names(each)}</option>`)}</select></label>`}
        ${Object.entries(actions).map(([name, schema]) => html`<${Move} key=${name} name=${name} schema=${schema} needed=${needed.has(name)} values=${moves[name]} change=${(values) => setMoves({ ...moves, [name]: values })} />`)}`}
    <${ProblemBox} problem=${problem} />
    <div class="row end">${release && html`<button type="button" class="plain" onClick=${release}>${W.person.release}</button><span class="space" />`}<button class="primary" disabled=${busy} type="submit">${W.person.send}</button></div>
  </form>`;
}

/** One move with its fields; one that need not be made can be left out. */
function Move({ name, schema, needed, values, change }) {
  const object = schema.properties ? schema : (schema.anyOf || []).find((each) => each.properties) || {};
  const inner = object.properties || {};
  const open = needed || values !== undefined;
  return html`<fieldset class="move-fields"><legend>${needed ? titled(name) : html`<label class="check"><input type="checkbox" checked=${open} onChange=${(event) => change(event.target.checked ? {} : undefined)} />${titled(name)}</label>`}</legend>
    ${(object.description || schema.description) && html`<p class="hint">${object.description || schema.description}</p>`}
    ${open && html`<div class="side-by-side">${Object.entries(inner).map(([field, about]) => html`
      <${ValueField} key=${field} label=${titled(field)} about=${simple(about)} value=${values?.[field]} required=${(object.required || []).includes(field)} change=${(value) => { const next = { ...values }; if (value === undefined) delete next[field]; else next[field] = value; change(next); }} />`)}</div>`}
  </fieldset>`;
}

/** A schema without its "or null". */
const simple = (schema) => (schema.anyOf ? { ...schema, ...schema.anyOf.find((each) => each.type !== "null") } : schema);
