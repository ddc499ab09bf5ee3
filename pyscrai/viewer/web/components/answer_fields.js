// What may be said and done in a turn, as fields made from the JSON Schema of the request.

import { html } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { W } from "../words.js";
import { JsonField, ValueField } from "./value_field.js";

/**
 * What is filled in so far.
 * @typedef {{text?: string, to?: string | string[], actions?: Record<string, any>, changes?: Record<string, any>, scene_over?: boolean, next?: string, arguments?: Record<string, any>}} Answer
 */

/** A proposal as if a person had filled it in. @returns {Answer} */
export function filledIn(proposal) {
  const { changes, ...rest } = proposal;
  return changes ? { ...rest, changes: Object.fromEntries(changes.map((each) => [each.variable, each.value])) } : rest;
}

/** What is filled in before a person has done anything: a move that must be made is there. @returns {Answer} */
export function nothingYet(schema) {
  const needed = schema?.properties?.actions?.required || [];
  return needed.length ? { actions: Object.fromEntries(needed.map((name) => [name, {}])) } : {};
}

/** What is sent of what was filled in. @param {Answer} answer */
export function sentOf({ text, to, actions, changes, scene_over: over, next, arguments: given }) {
  /** @type {Record<string, any>} */
  const sent = {};
  if (next) sent.next = next;
  if (given) sent.arguments = given;
  if (text?.trim()) sent.text = text.trim();
  if (to?.length) sent.to = to;
  if (actions) {
    const made = Object.entries(actions).filter(([, values]) => values !== undefined && values !== null);
    sent.actions = Object.fromEntries(made);
  }
  if (changes) sent.changes = Object.entries(changes).map(([variable, value]) => ({ variable, value }));
  if (over !== undefined) sent.scene_over = over;
  return sent;
}

const kept = (map, name, value) => { const next = { ...map }; if (value === undefined) delete next[name]; else next[name] = value; return next; };

/**
 * @param {{schema: any, value: Answer, change: (answer: Answer) => void, names?: (role: string) => string, label?: string, variables?: Record<string, any>}} props
 *   `schema` is null where nothing but speech is asked for
 */
export function AnswerFields({ schema, value, change, names = titled, label = W.person.speak, variables = {} }) {
  const fields = schema?.properties || {};
  const actions = fields.actions?.properties || {};
  const needed = new Set(fields.actions?.required || []);
  const changeable = (fields.changes?.items?.anyOf || [fields.changes?.items]).filter(Boolean).map((each) => each.properties).filter((each) => each?.variable);
  if (fields.next) {
    return html`<label class="field">${W.person.next}<select required value=${value.next || ""} onChange=${(event) => change({ ...value, next: event.target.value })}><option value="" />${fields.next.enum.map((role) => html`<option key=${role} value=${role}>${names(role)}</option>`)}</select></label>`;
  }
  if (fields.arguments) {
    return html`<div class="side-by-side">${Object.entries(fields.arguments.properties || {}).map(([name, about]) => html`
      <${isPlain(simple(about)) ? ValueField : JsonField} key=${name} label=${titled(name)} about=${simple(about)} value=${value.arguments?.[name]} required=${(fields.arguments.required || []).includes(name)} change=${(to) => change({ ...value, arguments: kept(value.arguments, name, to) })} />`)}</div>`;
  }
  return html`<label class="field">${label}<textarea rows="3" dir="auto" value=${value.text || ""} onInput=${(event) => change({ ...value, text: event.target.value })} /></label>
    <${Addressed} schema=${fields.to} value=${value.to} names=${names} change=${(to) => change({ ...value, to })} />
    ${Object.entries(actions).map(([name, about]) => html`<${Move} key=${name} name=${name} schema=${about} needed=${needed.has(name)} values=${value.actions?.[name]} change=${(values) => change({ ...value, actions: kept(value.actions, name, values) })} />`)}
    ${changeable.length > 0 && html`<details class="world-changes" open=${Object.keys(value.changes || {}).length > 0}><summary>${W.person.changes}</summary><div class="side-by-side">${changeable.map((about) => html`
      <${ValueField} key=${about.variable.const} label=${titled(about.variable.const)} about=${bounded(about.value)} value=${value.changes?.[about.variable.const]} placeholder=${plain(variables[about.variable.const] ?? "")}
        change=${(to) => change({ ...value, changes: kept(value.changes, about.variable.const, to) })} />`)}</div></details>`}
    ${fields.scene_over && html`<label class="check"><input type="checkbox" checked=${Boolean(value.scene_over)} onChange=${(event) => change({ ...value, scene_over: event.target.checked || undefined })} />${W.person.sceneOver}</label>`}`;
}

/** Who is addressed: one of several, or some of them where the schema is a list. */
function Addressed({ schema, value, names, change }) {
  if (!schema) return null;
  const several = schema.type === "array";
  const choices = (several ? schema.items.enum : schema.enum || (schema.anyOf || []).flatMap((each) => each.enum || [])).filter((each) => each !== null);
  const told = (each) => (each === "all" ? W.person.everyone : names(each));
  if (!several) {
    return html`<label class="field">${W.person.to}<select value=${value || ""} onChange=${(event) => change(event.target.value || undefined)}>
      <option value="">${W.person.everyone}</option>${choices.filter((each) => each !== "all").map((each) => html`<option key=${each} value=${each}>${told(each)}</option>`)}</select></label>`;
  }
  const chosen = Array.isArray(value) ? value : value ? [value] : [];
  const toggle = (each) => { const next = chosen.includes(each) ? chosen.filter((other) => other !== each) : [...chosen, each]; change(next.length ? next : undefined); };
  return html`<fieldset class="audience"><legend>${W.person.to}</legend>${choices.map((each) => html`<button key=${each} type="button" aria-pressed=${chosen.includes(each)} onClick=${() => toggle(each)}>${told(each)}</button>`)}</fieldset>`;
}

/** One move with its fields; one that need not be made can be left out. */
function Move({ name, schema, needed, values, change }) {
  const object = schema.properties ? schema : (schema.anyOf || []).find((each) => each.properties) || {};
  const inner = object.properties || {};
  const made = values !== undefined && values !== null;
  const open = needed || made;
  const bare = !(object.description || schema.description) && !(open && Object.keys(inner).length);
  return html`<fieldset class=${bare ? "" : "move-fields"}><legend>${needed ? titled(name) : html`<label class="check"><input type="checkbox" checked=${open} onChange=${(event) => change(event.target.checked ? {} : undefined)} />${titled(name)}</label>`}</legend>
    ${(object.description || schema.description) && html`<p class="hint">${object.description || schema.description}</p>`}
    ${open && html`<div class="side-by-side">${Object.entries(inner).map(([field, about]) => html`
      <${ValueField} key=${field} label=${titled(field)} about=${simple(about)} value=${values?.[field]} required=${(object.required || []).includes(field)} change=${(value) => change(kept(values, field, value))} />`)}</div>`}
  </fieldset>`;
}

/** Whether a value of a schema is one number, text, choice or yes and no. */
const isPlain = (schema) => Boolean(schema.enum) || ["integer", "number", "string", "boolean"].includes(schema.type);

/** A schema without its "or null". */
const simple = (schema) => (schema.anyOf ? { ...schema, ...schema.anyOf.find((each) => each.type !== "null") } : schema);

/** A schema with the bounds that a model need not keep as bounds of its field. */
const bounded = (schema) => ({ ...schema, minimum: schema["x-minimum"] ?? schema.minimum, maximum: schema["x-maximum"] ?? schema.maximum });
