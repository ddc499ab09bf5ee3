// The branches of a run, and two of its futures side by side from where they part.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { listed, plain } from "../lib/format.js";
import { link, retain, route } from "../lib/router.js";
import { align, asTree } from "../data/futures.js";
import { RunSession } from "../data/run_session.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { BlockView } from "../components/block.js";
import { BranchTree } from "../components/branch_tree.js";
import { connection } from "../components/connection.js";
import { StatusPill } from "../components/controls.js";
import { ForkDialog } from "../components/fork_dialog.js";
import { NoteDialog } from "../components/notes.js";
import { ProblemBox } from "../components/problem.js";
import { VersusCharts, VersusScores } from "../components/versus.js";

const AT_ONCE = 60;

/** A session of a run that is one of two on a page. @param {string} id */
function useSession(id) {
  const session = useMemo(() => (id ? new RunSession(id, { alone: false }) : null), [id]);
  useEffect(() => { session?.open(); return () => session?.close(); }, [session]);
  return session;
}

/** @param {{id: string}} props */
export function FuturesPage({ id }) {
  const { query } = route.value;
  const [family, setFamily] = useState(/** @type {any[]} */ ([]));
  const [problem, setProblem] = useState(null);
  const left = query.of || id;
  const right = query.with || family.find((run) => run.run_id !== left)?.run_id || "";
  const one = useSession(left);
  const other = useSession(right);
  const statuses = `${one?.run.value?.status}${one?.run.value?.turn}${other?.run.value?.status}${other?.run.value?.turn}`;
  useEffect(() => { source.family(id).then((found) => setFamily(found.items), setProblem); document.title = `${W.futures.title} · PyScrAI`; }, [id, statuses]);
  useEffect(() => { connection.value = one?.connection.value || ""; return () => { connection.value = ""; }; }, [one?.connection.value]);
  const pick = (side, chosen) => {
    if (side === "left") retain({ of: chosen, with: chosen === right ? left : right });
    else retain({ with: chosen, of: chosen === left ? right : left });
  };
  return html`<main id="content" class="scroll"><div class="page">
    <div class="page-head"><h1>${W.futures.title}</h1><span class="space" /><a href=${link(["runs", id])}>${W.transcript}</a></div>
    <${ProblemBox} problem=${problem} />
    <section class="card"><h2>${W.futures.tree}</h2>
      ${family.length > 1 ? html`<${BranchTree} rows=${asTree(family)} left=${left} right=${right} pick=${pick} />` : html`<p class="empty">${W.futures.onlyOne}</p>`}</section>
    ${one && other && right && html`<${Pair} key=${`${left}${right}`} one=${one} other=${other} />`}
  </div></main>`;
}

function Pair({ one, other }) {
  one.store.version.value;
  other.store.version.value;
  const parting = useRef(/** @type {HTMLElement | null} */ (null));
  const [shown, setShown] = useState(AT_ONCE);
  const found = align(one.store, other.store);
  const past = one.store.blocks.filter((block) => block.turn <= found.turn);
  if (![one, other].every((session) => session.run.value && session.read.value)) return html`<p class="empty">${W.loading}</p>`;
  const dialog = [one, other].find((session) => session.dialog.value);
  return html`
    <${VersusScores} one=${one} other=${other} />
    <${VersusCharts} one=${one} other=${other} turn=${found.turn} />
    <${Edits} session=${other} />
    <div class="future-head pair"><${Head} letter="a" session=${one} /><${Head} letter="b" session=${other} /></div>
    <details class="shared"><summary>${found.turn > 0 ? W.futures.until(found.turn) : W.futures.same}</summary>
      <div class="past">${past.slice(-40).map((block) => html`<${BlockView} key=${block.key} session=${one} block=${block} />`)}</div></details>
    ${found.parts ? html`<div class="parting" ref=${parting} id="parting">${W.futures.differs}</div>` : html`<p class="empty">${W.futures.equal}</p>`}
    <ol>${found.rows.slice(0, shown).map((row) => html`<li key=${row.turn} class="pair future-row"><${Side} session=${one} blocks=${row.left} /><${Side} session=${other} blocks=${row.right} /></li>`)}</ol>
    ${found.rows.length > shown && html`<p class="row end"><button onClick=${() => setShown(shown + AT_ONCE)}>${W.runsPage.more}</button></p>`}
    ${dialog && html`<${dialog.dialog.value.name === "note" ? NoteDialog : ForkDialog} session=${dialog} event=${dialog.dialog.value.event} close=${() => { dialog.dialog.value = null; }} />`}`;
}

function Head({ letter, session }) {
  const run = session.run.value;
  return html`<div class="future-head-side row"><span class=${`letter ${letter}`}>${letter.toUpperCase()}</span><a href=${link(["runs", session.id])}>${run.name}</a><${StatusPill} run=${run} /><small>${W.turns(session.store.lastTurn)}</small></div>`;
}

function Side({ session, blocks }) {
  return html`<div>${blocks.length ? blocks.map((block) => html`<${BlockView} key=${block.key} session=${session} block=${block} />`) : html`<p class="gap">${W.futures.missing}</p>`}</div>`;
}

/** What the fork has otherwise than its parent. */
function Edits({ session }) {
  const edits = session.store.fork?.payload.edits;
  if (!edits) return null;
  const told = Object.entries(edits).filter(([, value]) => value !== null && value !== undefined && !(typeof value === "object" && Object.keys(value).length === 0));
  return html`<section class="card"><h2>${W.futures.edits}</h2><ul class="edit-list">${told.length ? told.map(([name, value]) => html`<li key=${name}><code>${name}</code> ${name === "injects" ? value.map((each) => html`“${each.text}” <small>${listed(each.audience.map(session.store.name))}</small> `) : plain(value)}</li>`) : html`<li>${W.futures.noEdits}</li>`}</ul></section>`;
}
