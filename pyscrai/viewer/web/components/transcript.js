// The transcript of a run: only what is in sight is drawn, and words appear as they are spoken.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { W } from "../words.js";
import { BlockView } from "./block.js";
import { Icon } from "./icons.js";
import { VirtualList } from "./virtual_list.js";

const HEIGHTS = { heading: 78, premise: 150, change: 40, note: 34, warning: 34, score: 120, speech: 104, inject: 104 };

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Transcript({ session }) {
  const { store } = session;
  store.version.value;
  const handle = useRef(/** @type {any} */ (null));
  const [away, setAway] = useState(false);
  const seen = useRef(0);
  const drafts = Object.entries(store.drafts.value);
  const { blocks } = store;
  const line = session.line.value;
  const turn = session.turn.value;
  if (!away) seen.current = blocks.length;

  // A link leads to a line as soon as the line is there, and later when another is chosen.
  const shown = useRef(/** @type {string} */ (""));
  useEffect(() => {
    const at = store.blockOfSeq.get(line);
    const wish = `line ${line}`;
    if (line === null || at === undefined || shown.current === wish) return;
    shown.current = wish;
    setAway(true);
    handle.current.reveal(at, "center");
  }, [line, blocks.length]);
  useEffect(() => {
    if (turn === null) { if (shown.current.startsWith("turn")) { shown.current = ""; handle.current.toEnd(); } return; }
    if (line !== null && store.byKey && shown.current === `line ${line}` && store.events[line - 1]?.turn === turn) return;
    if (!blocks.length || shown.current === `turn ${turn}`) return;
    shown.current = `turn ${turn}`;
    setAway(true);
    handle.current.reveal(store.blockOfTurn(turn), "center");
  }, [turn, blocks.length > 0]);

  const tail = drafts.length > 0 && turn === null && drafts.filter(([role]) => !session.lens.value || role === session.lens.value).map(([role, draft]) => html`
    <article key=${role} class=${`block speech streaming ${session.hue(role)}`}>
      <span class="turn-number" aria-hidden="true">${draft.turn}</span>
      <div class="content"><header><b class="who">${store.name(role)}</b><span class="dots"><i class="pulse" />${W.speaking}</span></header><p class="said" dir="auto">${draft.text}<span class="caret" /></p></div>
    </article>`);

  return html`<div class="transcript"><h2 class="hidden">${W.transcript}</h2>
    <${VirtualList} label=${W.transcript} count=${blocks.length} keyOf=${(index) => blocks[index].key} handle=${handle} follow=${turn === null && line === null}
      estimate=${(index) => HEIGHTS[blocks[index].entries[0].tone] || 96} onAway=${setAway} tail=${tail && html`<div class="tail">${tail}</div>`}
      draw=${(index) => html`<${BlockView} session=${session} block=${blocks[index]} />`} />
    ${blocks.length === 0 && html`<p class="empty over">${["live", "ended", "folder"].includes(session.connection.value) ? W.nothingYet : W.loading}</p>`}
    ${away && html`<button class="to-newest" onClick=${() => { session.lookAt(null); session.choose(null); shown.current = ""; handle.current.toEnd(); }}>
      <${Icon} name="down" />${blocks.length > seen.current ? W.newLines(blocks.length - seen.current) : W.newest}</button>`}
  </div>`;
}
