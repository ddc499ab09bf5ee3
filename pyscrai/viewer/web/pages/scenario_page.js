// One scenario as it is written: checked as one types, drawn, played without a model, saved as the next version.

import { html, useEffect, useState } from "../lib/html.js";
import { go, link } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { DryRunView } from "../components/dry_run_view.js";
import { Graph } from "../components/graph_panel.js";
import { Icon } from "../components/icons.js";
import { NewRunDialog } from "../components/new_run_dialog.js";
import { PageInWait } from "../components/page_in_wait.js";
import { PhaseGraph } from "../components/phase_graph.js";
import { ProblemBox } from "../components/problem.js";
import { refuse, say } from "../components/toasts.js";
import { YamlEditor } from "../components/yaml_editor.js";

const NEW = `kind: scenario
name: my-scenario
version: 1.0.0
title: My scenario
premise: What everyone knows at the start.
roles:
  ann: {agent: {engine: actor, personality: {role: a careful negotiator}}, name: Ann}
  bob: {agent: {engine: actor, personality: {role: a hurried buyer}}, name: Bob}
flow:
  start: talk
  phases:
    talk:
      speakers: [ann, bob]
      task: find terms that you both can live with
      next: [{to: end, after_rounds: 3}]
`;
const WAIT = 350;

/** @param {{name: string, version?: string}} props */
export function ScenarioPage({ name, version }) {
  const isNew = name === "new";
  const [text, setText] = useState(isNew ? NEW : "");
  const [stored, setStored] = useState(isNew ? null : /** @type {any} */ (undefined));
  const [schema, setSchema] = useState(null);
  const [problems, setProblems] = useState(/** @type {any[]} */ ([]));
  const [failed, setFailed] = useState(null);
  const [picture, setPicture] = useState(/** @type {any} */ (null));
  const [played, setPlayed] = useState(/** @type {any} */ (null));
  const [tab, setTab] = useState("picture");
  const [checking, setChecking] = useState(false);
  const [goTo, setGoTo] = useState(/** @type {any} */ (null));
  const [playing, setPlaying] = useState(false);

  useEffect(() => { source.schema("scenario").then(setSchema, () => {}); document.title = `${name} · PyScrAI`; }, []);
  useEffect(() => {
    if (isNew) return;
    source.template("scenarios", version ? `${name}@${version}` : name).then((found) => {
      setStored(found);
      setText(found.source || JSON.stringify(found.content, null, 2));
    }, setFailed);
  }, [name, version]);
  useEffect(() => {
    if (!text) return undefined;
    const controller = new AbortController();
    setChecking(true);
    const later = setTimeout(async () => {
      try {
        const found = await source.validate(text, controller.signal);
        setProblems(found.warnings.map((each) => ({ ...each, severity: each.severity || "warning" })));
        setPicture(await source.draftGraph(text));
        setFailed(null);
      } catch (error) {
        if (controller.signal.aborted) return;
        if (error.problems?.length) setProblems(error.problems); else setFailed(error);
      }
      setChecking(false);
    }, WAIT);
    return () => { clearTimeout(later); controller.abort(); };
  }, [text]);

  const wrong = problems.filter((each) => each.severity !== "warning");
  const changed = stored && text !== (stored.source || JSON.stringify(stored.content, null, 2));
  const save = () => source.storeDraft(text).then(({ stored: names }) => {
    say(W.scenarios.saved(names.join(", ")));
    const own = names.find((each) => each.startsWith(`${stored?.name || ""}`)) || names[0];
    const scenario = picture?.template?.split("@")[0];
    const target = names.find((each) => each.startsWith(`${scenario}@`)) || own;
    go(["scenarios", ...target.split("@")]);
  }, refuse);
  const play = () => { setTab("dry"); setPlayed(null); source.draftPlay(text).then(setPlayed, (error) => { setPlayed({ error }); }); };
  if (failed && !text) return html`<${PageInWait} problem=${failed} />`;
  const hue = (role) => { const place = Object.keys(picture?.roles || {}).indexOf(role); return place < 0 ? "role-none" : `role-${place % 10}`; };
  const tabs = { picture: W.scenarios.picture, graph: W.panels.graph, dry: W.scenarios.dry };
  return html`<main id="content" class="scenario-page">
    <header class="run-head"><div class="titles"><h1>${stored?.title || (isNew ? W.scenarios.write : name)}</h1>
      <div class="row facts-row"><a class="fact" href=${link(["scenarios"])}>${W.scenarios.title}</a><span class="fact mono">${stored ? `${stored.name}@${stored.version}` : ""}</span>${changed && html`<span class="pill paused">${W.scenarios.unsaved}</span>`}
        <span class="fact" role="status">${checking ? W.scenarios.checking : wrong.length ? html`<span class="pill failed">${W.scenarios.mistakes(wrong.length)}</span>` : html`<span class="pill completed">${W.scenarios.fine}</span>`}</span></div></div>
      <div class="controls"><button onClick=${play} disabled=${wrong.length > 0}><${Icon} name="step" />${W.scenarios.dry}</button>
        ${stored && !changed && html`<button onClick=${() => setPlaying(true)}><${Icon} name="play" />${W.scenarios.play}</button>`}
        <button class="primary" disabled=${wrong.length > 0 || (stored && !changed)} onClick=${save}>${stored ? W.scenarios.next : W.save}</button></div></header>
    <div class="author-columns">
      <${YamlEditor} label=${W.scenarios.editor} value=${text} change=${setText} schema=${schema} problems=${problems.filter((each) => each.line)} goTo=${goTo} />
      <aside class="panels"><section class="checks" aria-label=${W.scenarios.checks}>${problems.length === 0 ? html`<p class="hint">${W.scenarios.fine}</p>` : html`<ul>${problems.map((each, index) => html`
          <li key=${index} class=${each.severity === "warning" ? "warning" : "error"}><button class="plain" onClick=${() => each.line && setGoTo({ line: each.line })}>${each.line ? html`<small>${W.scenarios.line(each.line)}</small>` : ""}<span>${each.message}${each.cure ? html`<em>${each.cure}</em>` : ""}</span></button></li>`)}</ul>`}</section>
        <div class="tabs" role="tablist" aria-label=${W.panels.label}>${Object.entries(tabs).map(([key, words]) => html`<button key=${key} role="tab" aria-selected=${tab === key} onClick=${() => setTab(key)}>${words}</button>`)}</div>
        <div class="panel scroll" role="tabpanel" tabindex="0"><div class="panel-body">
          ${tab === "dry" ? (played === null ? html`<p class="empty"><button onClick=${play}>${W.scenarios.dry}</button></p>` : played.error ? html`<${ProblemBox} problem=${played.error} />` : html`<${DryRunView} played=${played} roles=${picture?.roles || {}} />`)
            : !picture ? html`<p class="empty">${W.loading}</p>` : tab === "graph" ? html`<${Graph} graph=${picture} hue=${hue} names=${picture.roles} label=${W.graph.title} />` : html`<${PhaseGraph} phases=${picture.phases} ways=${picture.ways} roles=${picture.roles} />`}
        </div></div></aside></div>
    ${playing && html`<${NewRunDialog} templates=${[stored]} chosen=${stored.name} version=${stored.version} close=${() => setPlaying(false)} />`}
  </main>`;
}
