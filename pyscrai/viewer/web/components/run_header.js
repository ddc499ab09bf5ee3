// The head of the run page: what is played, how it stands, what it costs, and the controls.

import { html } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { link } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Controls, StatusPill } from "./controls.js";
import { Icon } from "./icons.js";
import { Spend } from "./spend.js";

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function RunHeader({ session }) {
  const run = session.run.value;
  session.store.version.value;
  if (!run) return html`<header class="run-head"><h1 class="hidden">${W.loading}</h1></header>`;
  const template = session.template.value;
  const name = run.template.split("@")[0];
  const title = run.name && run.name !== name ? run.name : template?.title || titled(name);
  return html`<header class="run-head">
    <div class="titles">
      <h1>${title}</h1>
      <div class="row facts-row">
        <${StatusPill} run=${run} />
        <span class="fact">${W.turn(session.lastTurn())}${run.settings?.max_turns || template?.max_turns ? html`<small> / ${run.settings?.max_turns || template?.max_turns}</small>` : ""}</span>
        ${run.phase && html`<span class="fact">${template?.flow?.phases?.[run.phase]?.title || titled(run.phase)}</span>`}
        <${Spend} session=${session} />
        <a class="fact" href=${link(["runs", session.id, "futures"])}><${Icon} name="tree" />${W.futures.tree}</a>
        ${source.canSteer && html`<button class="plain fact" aria-keyshortcuts="x" onClick=${() => { session.dialog.value = { name: "export" }; }}><${Icon} name="down" />${W.exporting.short}</button>`}
      </div>
    </div>
    ${source.canSteer && html`<${Controls} session=${session} />`}
  </header>`;
}
