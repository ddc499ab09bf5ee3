// The details beside a transcript, one panel at a time.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { AboutPanel } from "./about_panel.js";
import { CallPanel } from "./call_panel.js";
import { GraphPanel } from "./graph_panel.js";
import { MindPanel } from "./mind_panel.js";
import { NotesPanel } from "./notes.js";
import { ScoresPanel } from "./scores_panel.js";
import { StatePanel } from "./state_panel.js";

const PANELS = { state: StatePanel, mind: MindPanel, call: CallPanel, scores: ScoresPanel, graph: GraphPanel, notes: NotesPanel, about: AboutPanel };

export const PANEL_NAMES = Object.keys(PANELS);

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Panels({ session }) {
  const shown = PANELS[session.panel.value] ? session.panel.value : "state";
  const Panel = PANELS[shown];
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = PANEL_NAMES[(PANEL_NAMES.indexOf(shown) + step + PANEL_NAMES.length) % PANEL_NAMES.length];
    session.show(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`<aside class="panels" aria-label=${W.panels.label}>
    <div class="tabs" role="tablist" aria-label=${W.panels.label} onKeyDown=${move}>${PANEL_NAMES.map((name) => html`
      <button key=${name} id=${`tab-${name}`} role="tab" aria-selected=${name === shown} aria-controls="panel" tabindex=${name === shown ? 0 : -1} onClick=${() => session.show(name)}>${W.panels[name]}</button>`)}</div>
    <div class="panel scroll" id="panel" role="tabpanel" aria-labelledby=${`tab-${shown}`} tabindex="0"><${Panel} session=${session} /></div>
  </aside>`;
}
