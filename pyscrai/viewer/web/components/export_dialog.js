// What can be had as a file, in one place: of a run, of chosen runs, of a tag, of an experiment.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { addressOf, formatsOf, kindOf, optionsOf } from "../data/exports.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";
import { ProblemBox } from "./problem.js";
import { say } from "./toasts.js";

/** @param {{what: import("../data/exports.js").Exported, close: () => void}} props */
export function ExportDialog({ what, close }) {
  const formats = formatsOf(what);
  const [format, setFormat] = useState(formats[0]);
  const [options, setOptions] = useState({ table: "runs", calls: true, family: false });
  const [problem, setProblem] = useState(null);
  const [writing, setWriting] = useState(false);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const able = optionsOf(what, format);
  const set = (name, value) => setOptions({ ...options, [name]: value });
  const told = (name) => (kindOf(what) === "run" ? W.exporting.ofRun[name] : kindOf(what) === "experiment" && W.exporting.ofExperiment[name]) || W.exporting.formats[name];
  const go = async () => {
    const { path, query, name } = addressOf(what, format, options);
    setWriting(true);
    setProblem(null);
    try {
      const found = await source.file(path, query, stop.current.signal);
      save(found.blob, found.name || name);
      close();
    } catch (error) { if (!stop.current.signal.aborted) setProblem(error); }
    setWriting(false);
  };
  return html`<${Dialog} title=${W.exporting.title(what)} close=${close} submit=${go} footer=${(form) => html`
      <span class="hint" role="status">${writing ? W.exporting.writing : ""}</span><span class="space" /><button class="primary" type="submit" form=${form} disabled=${writing}>${W.exporting.go}</button>`}>
    <fieldset class="formats"><legend class="hidden">${W.exporting.format}</legend>${formats.map((name) => html`<label key=${name} class="check">
      <input type="radio" name="format" value=${name} autofocus=${name === format} checked=${name === format} onChange=${() => setFormat(name)} />
      <span><b>${told(name)[0]}</b><small>${told(name)[1]}</small></span></label>`)}</fieldset>
    ${able.tables.length > 0 && html`<label class="field">${W.exporting.table}<select value=${options.table} onChange=${(event) => set("table", event.target.value)}>${able.tables.map((name) => html`<option key=${name} value=${name}>${W.exporting.tables[name]}</option>`)}</select></label>`}
    ${able.calls && html`<label class="check"><input type="checkbox" checked=${options.calls} onChange=${(event) => set("calls", event.target.checked)} />${W.exporting.calls}</label>`}
    ${able.family && html`<label class="check"><input type="checkbox" checked=${options.family} onChange=${(event) => set("family", event.target.checked)} />${W.exporting.family}</label>`}
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}

/** Hand bytes to the person as a file. */
function save(blob, name) {
  const at = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = at;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(at), 10_000);
  say(name);
}
