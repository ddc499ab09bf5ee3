// One value with its type, bounds and choices: of a variable, a parameter or a field of a move.

import { html } from "../lib/html.js";

/**
 * @param {{label: string, about: any, value: any, change: (value: any) => void, placeholder?: string, required?: boolean}} props
 *   `about` is a declaration of the template or a JSON Schema; an empty field is undefined
 */
export function ValueField({ label, about = {}, value, change, placeholder = "", required = false }) {
  const choices = about.choices || about.enum;
  const { minimum, maximum } = about;
  const hint = about.description || (minimum !== undefined && maximum !== undefined ? `${minimum} – ${maximum}` : "");
  const empty = required ? null : html`<option value="">${placeholder ? `(${placeholder})` : ""}</option>`;
  let field;
  if (choices) {
    field = html`<select value=${value === undefined ? "" : String(value)} required=${required} onChange=${(event) => change(event.target.value === "" ? undefined : choices.find((each) => String(each) === event.target.value))}>${value === undefined && required ? html`<option value="" />` : empty}${choices.filter((each) => each !== null).map((each) => html`<option value=${String(each)}>${String(each)}</option>`)}</select>`;
  } else if (about.type === "boolean") {
    field = html`<select value=${value === undefined ? "" : String(value)} onChange=${(event) => change(event.target.value === "" ? undefined : event.target.value === "true")}>${empty}<option value="true">true</option><option value="false">false</option></select>`;
  } else if (about.type === "integer" || about.type === "number") {
    field = html`<input type="number" step=${about.type === "integer" ? 1 : "any"} min=${minimum} max=${maximum} value=${value ?? ""} placeholder=${placeholder} required=${required} onInput=${(event) => change(event.target.value === "" ? undefined : Number(event.target.value))} />`;
  } else {
    field = html`<input value=${value ?? ""} placeholder=${placeholder} required=${required} onInput=${(event) => change(event.target.value === "" ? undefined : event.target.value)} />`;
  }
  return html`<label class="field">${label}${field}${hint && html`<small>${hint}</small>`}</label>`;
}

/**
 * A list or an object, written as JSON; what is no JSON is told at the field and changes nothing.
 * @param {{label: string, about: any, value: any, change: (value: any) => void, required?: boolean}} props
 */
export function JsonField({ label, about = {}, value, change, required = false }) {
  const read = (event) => {
    const field = event.target;
    field.setCustomValidity("");
    if (!field.value.trim()) return change(undefined);
    try { return change(JSON.parse(field.value)); } catch (error) { return field.setCustomValidity(error.message); }
  };
  return html`<label class="field">${label}<textarea rows="2" required=${required} onInput=${read}>${value === undefined ? "" : JSON.stringify(value)}</textarea>${about.description && html`<small>${about.description}</small>`}</label>`;
}
