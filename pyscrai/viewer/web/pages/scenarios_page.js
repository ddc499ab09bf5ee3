// The scenarios that are stored, each with what it is about.

import { html, useEffect, useState } from "../lib/html.js";
import { link } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Icon } from "../components/icons.js";
import { NewRunDialog } from "../components/new_run_dialog.js";
import { ProblemBox } from "../components/problem.js";

export function ScenariosPage() {
  const [found, setFound] = useState(/** @type {any[] | null} */ (null));
  const [problem, setProblem] = useState(null);
  const [playing, setPlaying] = useState("");
  useEffect(() => { source.templates("scenarios").then((page) => setFound(page.items), setProblem); document.title = `${W.scenarios.title} · PyScrAI`; }, []);
  return html`<main id="content" class="scroll"><div class="page">
    <div class="page-head"><h1>${W.scenarios.title}</h1><span class="space" /><a class="button primary" href=${link(["scenarios", "new"])}><${Icon} name="plus" />${W.scenarios.write}</a></div>
    <${ProblemBox} problem=${problem} />
    ${found === null ? html`<p class="empty">${W.loading}</p>` : found.length === 0 ? html`<p class="empty">${W.scenarios.none}</p>` : html`<ul class="scenario-cards">${found.map((each) => html`
      <li key=${each.name} class="card"><h2><a href=${link(["scenarios", each.name, each.version])}>${each.title || each.name}</a></h2>
        <p>${each.description}</p><div class="row"><small class="mono">${each.name}@${each.version}</small>${each.shipped && html`<span class="tag">${W.scenarios.shipped}</span>`}<span class="space" />
        <button onClick=${() => setPlaying(each.name)}><${Icon} name="play" />${W.scenarios.play}</button></div></li>`)}</ul>`}
    ${playing && html`<${NewRunDialog} templates=${found} chosen=${playing} close=${() => setPlaying("")} />`}
  </div></main>`;
}
