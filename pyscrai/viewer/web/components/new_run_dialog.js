// A form made from a scenario: its parameters with their bounds, its cast with models and people, limits.

import { html, useEffect, useState } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { go } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { UnknownPrice } from "./budget_dialog.js";
import { Dialog } from "./dialog.js";
import { ProblemBox } from "./problem.js";
import { ValueField } from "./value_field.js";

const without = (map, name, value) => { const next = { ...map }; if (value === undefined || value === "") delete next[name]; else next[name] = value; return next; };

/** @param {{templates: any[], chosen?: string, version?: string, close: () => void}} props */
export function NewRunDialog({ templates, chosen, version, close }) {
  const [name, setName] = useState(chosen || templates[0]?.name || "");
  const [template, setTemplate] = useState(/** @type {any} */ (null));
  const [models, setModels] = useState([]);
  const [given, setGiven] = useState(/** @type {any} */ ({}));
  const [parameters, setParameters] = useState({});
  const [roleModels, setRoleModels] = useState({});
  const [people, setPeople] = useState({});
  const [left, setLeft] = useState(/** @type {string[]} */ ([]));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { source.models().then((found) => setModels(found.items), () => {}); }, []);
  useEffect(() => { if (!name && templates.length) setName(templates[0].name); }, [templates.length]);
  useEffect(() => {
    if (!name) return;
    setParameters({}); setRoleModels({}); setPeople({}); setLeft([]); setProblem(null);
    source.template("scenarios", version && name === chosen ? `${name}@${version}` : name).then(setTemplate, setProblem);
  }, [name]);
  const set = (field, value) => setGiven(without(given, field, value));
  const make = async (start) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const body = { template: name, version: template?.version, parameters, role_models: roleModels, people, without: left, ...given, start };
    if (typeof body.tags === "string") body.tags = body.tags.split(",").map((tag) => tag.trim()).filter(Boolean);
    try {
      const run = await source.create(body);
      close();
      go(["runs", run.run_id]);
    } catch (error) { setProblem(error); setBusy(false); }
  };
  const content = template?.content || {};
  const options = (empty) => html`<option value="">${empty}</option>${models.map((each) => html`<option key=${each.alias} value=${each.alias}>${each.alias}${each.default ? " ·" : ""}</option>`)}`;
  return html`<${Dialog} title=${W.newRun.title} close=${close} submit=${() => make(true)} footer=${(form) => html`<button disabled=${busy} onClick=${() => make(false)}>${W.newRun.later}</button><button class="primary" disabled=${busy} type="submit" form=${form}>${W.newRun.start}</button>`}>
    <label class="field">${W.newRun.scenario}<select value=${name} onChange=${(event) => setName(event.target.value)}>${templates.map((each) => html`<option key=${each.name} value=${each.name}>${each.title || titled(each.name)}</option>`)}</select>
      ${content.description && html`<small>${content.description}</small>`}</label>
    ${Object.keys(content.parameters || {}).length > 0 && html`<div class="side-by-side">${Object.entries(content.parameters).map(([field, about]) => html`
      <${ValueField} key=${field} label=${titled(field)} about=${about} value=${parameters[field]} placeholder=${String(about.default ?? "")} required=${about.default === undefined || about.default === null} change=${(value) => setParameters(without(parameters, field, value))} />`)}</div>`}
    <div class="side-by-side"><label class="field">${W.newRun.model}<select value=${given.model || ""} onChange=${(event) => set("model", event.target.value)}>${options(W.newRun.usual)}</select><small>${W.newRun.modelHint}</small></label>
      <label class="field">${W.newRun.turns}<input type="number" min="1" max="100000" placeholder=${content.max_turns ?? ""} value=${given.max_turns ?? ""} onInput=${(event) => set("max_turns", event.target.value === "" ? undefined : Number(event.target.value))} /></label>
      <label class="field">${W.newRun.budget}<input type="number" min="0" step="any" value=${given.budget_usd ?? ""} onInput=${(event) => set("budget_usd", event.target.value === "" ? undefined : Number(event.target.value))} /></label></div>
    ${given.budget_usd !== undefined && html`<${UnknownPrice} value=${Boolean(given.allow_unknown_price)} change=${(value) => set("allow_unknown_price", value || undefined)} />`}
    <details><summary>${W.newRun.cast}</summary><table class="new-cast"><tbody>${Object.entries(content.roles || {}).map(([role, about]) => html`<tr key=${role}>
      <th scope="row">${about.name || titled(role)}</th>
      <td><select aria-label=${`${W.newRun.model}: ${role}`} disabled=${left.includes(role)} value=${roleModels[role] || ""} onChange=${(event) => setRoleModels(without(roleModels, role, event.target.value))}>${options("–")}</select></td>
      <td>${["allowed", "required"].includes(about.human) ? html`<input aria-label=${`${W.newRun.people}: ${role}`} placeholder=${about.human === "required" ? W.newRun.person : W.newRun.aModel} value=${people[role] || ""} maxlength="64" onInput=${(event) => setPeople(without(people, role, event.target.value))} />` : ""}</td>
      <td>${about.required === false && html`<label class="check"><input type="checkbox" checked=${left.includes(role)} onChange=${(event) => setLeft(event.target.checked ? [...left, role] : left.filter((each) => each !== role))} />${W.newRun.leaveOut}</label>`}</td></tr>`)}</tbody></table></details>
    <details><summary>${W.newRun.options}</summary><div class="side-by-side">
      <label class="field">${W.newRun.name}<input maxlength="200" value=${given.name || ""} onInput=${(event) => set("name", event.target.value)} /></label>
      <label class="field">${W.newRun.seed}<input type="number" min="0" max="2147483647" placeholder=${W.newRun.random} value=${given.seed ?? ""} onInput=${(event) => set("seed", event.target.value === "" ? undefined : Number(event.target.value))} /></label>
      <label class="field">${W.newRun.tags}<input value=${given.tags || ""} onInput=${(event) => set("tags", event.target.value)} /></label></div></details>
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}
