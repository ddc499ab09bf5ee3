// Put something into the world of a run, for all or for some, and set variables with it.

import { html, useState } from "../lib/html.js";
import { plain, titled } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { AudienceField } from "./audience_field.js";
import { Dialog } from "./dialog.js";
import { ProblemBox } from "./problem.js";
import { say } from "./toasts.js";
import { ValueField } from "./value_field.js";

/** @param {{session: import("../data/run_session.js").RunSession, close: () => void}} props */
export function InjectDialog({ session, close }) {
  const [text, setText] = useState("");
  const [label, setLabel] = useState("");
  const [audience, setAudience] = useState(["all"]);
  const [set, change] = useState({});
  const [problem, setProblem] = useState(null);
  const variables = session.template.value?.variables || {};
  const submit = async () => {
    try {
      await source.inject(session.id, { text, label, audience, set });
      say(W.injectForm.done);
      session.refresh();
      close();
    } catch (error) { setProblem(error); }
  };
  return html`<${Dialog} title=${W.injectForm.title} close=${close} submit=${submit} footer=${(form) => html`<button onClick=${close}>${W.cancel}</button><button class="primary" type="submit" form=${form}>${W.injectForm.go}</button>`}>
    <label class="field">${W.injectForm.text}<textarea autofocus required value=${text} onInput=${(event) => setText(event.target.value)} /><small>${W.injectForm.hint}</small></label>
    <${AudienceField} cast=${session.run.value.cast} hue=${session.hue} value=${audience} change=${setAudience} />
    <label class="field">${W.injectForm.label}<input value=${label} maxlength="200" onInput=${(event) => setLabel(event.target.value)} /></label>
    ${Object.keys(variables).length > 0 && html`<details><summary>${W.injectForm.set}</summary><div class="side-by-side">${Object.entries(variables).map(([name, about]) => html`
      <${ValueField} key=${name} label=${titled(name)} about=${about} value=${set[name]} placeholder=${plain(session.run.value.variables[name] ?? "")} change=${(value) => { const next = { ...set }; if (value === undefined) delete next[name]; else next[name] = value; change(next); }} />`)}</div></details>`}
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}
