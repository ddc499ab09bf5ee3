// A new run that shares this one's past up to a line, and may go on otherwise.

import { html, useEffect, useState } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { go } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { AudienceField } from "./audience_field.js";
import { UnknownPrice } from "./budget_dialog.js";
import { Dialog } from "./dialog.js";
import { ProblemBox } from "./problem.js";
import { ValueField } from "./value_field.js";

/** @param {{session: import("../data/run_session.js").RunSession, event: any, close: () => void}} props */
export function ForkDialog({ session, event, close }) {
  const run = session.run.value;
  const template = session.template.value || {};
  const said = ["utterance", "inject"].includes(event.kind);
  const [name, setName] = useState("");
  const [seed, setSeed] = useState(/** @type {number | undefined} */ (undefined));
  const [model, setModel] = useState("");
  const [models, setModels] = useState([]);
  const [message, setMessage] = useState(said ? event.payload.text : "");
  const [inject, setInject] = useState("");
  const [audience, setAudience] = useState(["all"]);
  const [variables, setVariables] = useState({});
  const [parameters, setParameters] = useState({});
  const [limits, setLimits] = useState(/** @type {{max_turns?: number, budget_usd?: number, allow_unknown_price?: boolean}} */ ({}));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { source.models().then((found) => setModels(found.items), () => {}); }, []);
  const change = (map, setMap) => (field, value) => { const next = { ...map }; if (value === undefined) delete next[field]; else next[field] = value; setMap(next); };

  const limit = (field, text) => { const next = { ...limits }; if (text === "") delete next[field]; else next[field] = Number(text); setLimits(next); };

  const made = async (asking) => {
    setBusy(true);
    setProblem(null);
    try {
      const child = await asking;
      close();
      go(["runs", run.run_id, "futures"], { with: child.run_id });
    } catch (error) { setProblem(error); }
    setBusy(false);
  };
  const submit = () => {
    /** @type {Record<string, any>} */
    const edits = { variables, parameters, ...limits, seed: seed ?? Math.floor(Math.random() * 2 ** 31) };
    if (model) edits.model = model;
    if (inject) edits.injects = [{ text: inject, audience }];
    if (said && message !== event.payload.text) edits.message = { key: event.key, text: message };
    made(source.fork(run.run_id, { at_turn: event.turn, name, edits }));
  };
  const again = () => made(source.regenerate(run.run_id, { turn: event.turn, seed: seed ?? Math.floor(Math.random() * 2 ** 31), ...(model ? { model, role: event.source } : {}) }));

  const fields = (about, given, set, now) => Object.keys(about || {}).length > 0 && html`<div class="side-by-side">${Object.entries(about).map(([field, told]) => html`
    <${ValueField} key=${field} label=${titled(field)} about=${told} value=${given[field]} placeholder=${String(now[field] ?? "")} change=${(value) => set(field, value)} />`)}</div>`;
  const then = session.store.variablesAt(event.turn, run.variables);
  return html`<${Dialog} title=${W.forkForm.title(event.turn)} close=${close} submit=${submit} footer=${(form) => html`
      ${event.kind === "utterance" && html`<button disabled=${busy} onClick=${again}>${W.forkForm.regenerate}</button>`}<span class="space" /><button class="primary" disabled=${busy} type="submit" form=${form}>${W.forkForm.go}</button>`}>
    <p class="hint">${W.forkForm.hint}</p>
    ${said && html`<label class="field">${W.forkForm.message}<textarea value=${message} onInput=${(input) => setMessage(input.target.value)} /></label>`}
    <label class="field">${W.forkForm.inject}<textarea value=${inject} onInput=${(input) => setInject(input.target.value)} /></label>
    ${inject && html`<${AudienceField} cast=${run.cast} hue=${session.hue} value=${audience} change=${setAudience} />`}
    <div class="side-by-side">
      <label class="field">${W.forkForm.name}<input value=${name} maxlength="200" onInput=${(input) => setName(input.target.value)} /></label>
      <label class="field">${W.forkForm.seed}<input type="number" min="0" max="2147483647" value=${seed ?? ""} placeholder=${W.newRun.random} onInput=${(input) => setSeed(input.target.value === "" ? undefined : Number(input.target.value))} /></label>
      <label class="field">${W.forkForm.model}<select value=${model} onChange=${(input) => setModel(input.target.value)}><option value="">${W.forkForm.same}</option>${models.map((each) => html`<option key=${each.alias} value=${each.alias}>${each.alias}</option>`)}</select></label>
      <label class="field">${W.forkForm.turns}<input type="number" min="1" max="100000" placeholder=${run.settings?.max_turns ?? template.max_turns ?? ""} value=${limits.max_turns ?? ""} onInput=${(input) => limit("max_turns", input.target.value)} /></label>
      <label class="field">${W.forkForm.budget}<input type="number" min="0" step="any" placeholder=${run.settings?.budget_usd ?? ""} value=${limits.budget_usd ?? ""} onInput=${(input) => limit("budget_usd", input.target.value)} /></label>
    </div>
    ${limits.budget_usd !== undefined && html`<${UnknownPrice} value=${Boolean(limits.allow_unknown_price)} change=${(value) => setLimits({ ...limits, allow_unknown_price: value })} />`}
    ${Object.keys(template.variables || {}).length > 0 && html`<details><summary>${W.forkForm.variables}</summary>${fields(template.variables, variables, change(variables, setVariables), then)}</details>`}
    ${Object.keys(template.parameters || {}).length > 0 && html`<details><summary>${W.forkForm.parameters}</summary>${fields(template.parameters, parameters, change(parameters, setParameters), run.parameters)}</details>`}
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}
