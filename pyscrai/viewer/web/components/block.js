// One block of the transcript: a line of speech, a move, an inject, folded changes, scores, a phase's heading.

import { html, useState } from "../lib/html.js";
import { addressees } from "../lib/audience.js";
import { change, listed, plain, titled } from "../lib/format.js";
import { link } from "../lib/router.js";
import { W } from "../words.js";
import { Coded } from "./coded.js";
import { HeardBy } from "./heard_by.js";
import { Icon } from "./icons.js";
import { LineActions } from "./line_actions.js";
import { Markdown } from "./markdown.js";
import { Notes } from "./notes.js";
import { Evidence } from "./evidence.js";

/** @typedef {{session: import("../data/run_session.js").RunSession, entry: any}} Of */

/** @param {{session: import("../data/run_session.js").RunSession, block: import("../data/run_store.js").Block}} props */
export function BlockView({ session, block }) {
  const first = block.entries[0];
  if (block.folds === "changes") return html`<${Changes} session=${session} block=${block} />`;
  if (block.folds === "machinery") return html`<${Machinery} session=${session} block=${block} />`;
  if (block.folds === "scores") return html`<${Scores} session=${session} block=${block} />`;
  const Drawn = TONES[first.tone] || Status;
  return html`<${Drawn} session=${session} entry=${first} />`;
}

const dimmed = (session, event) => (session.shown(event) ? "" : "dimmed");

function inPrompt(session, entry) {
  const { text, turn } = session.prompt.value;
  if (!text || entry.event.turn >= turn || !session.lens.value || !session.shown(entry.event)) return null;
  return text.includes(entry.text.trim().slice(0, 200));
}

/** The frame of a block that a reader can choose. @param {{session: any, entry: any, kind: string, children?: any}} props */
function Frame({ session, entry, kind, children }) {
  const { event } = entry;
  const chosen = session.line.value === event.seq;
  const whispered = addressees(event) !== null && kind !== "aside";
  return html`<article id=${`line-${event.seq}`} class=${`block ${kind} ${session.hue(event.source)} ${whispered ? "whispered" : ""} ${chosen ? "chosen" : ""} ${dimmed(session, event)}`}
      onClick=${(click) => { if (!click.target.closest("a,button") && !String(getSelection())) session.choose(event.seq); }}>
    <span class="turn-number" aria-hidden="true">${event.turn}</span>
    <div class="content">${children}<${Notes} session=${session} event=${event} /></div>
    <${LineActions} session=${session} event=${event} />
  </article>`;
}

function Audience({ session, event }) {
  const only = addressees(event);
  if (only === null) return null;
  return html`<span class="only"><${Icon} name="whisper" />${only.length ? W.onlyTo(listed(only.map(session.store.name))) : event.source && session.roles().includes(event.source) ? W.toSelf : W.operators}</span>`;
}

/** @param {Of} props */
function Speech({ session, entry }) {
  const known = inPrompt(session, entry);
  return html`<${Frame} session=${session} entry=${entry} kind="speech">
    <header><b class="who" dir="auto">${entry.who}</b>${entry.tag && html`<span class="tag"><${Icon} name="person" /> ${entry.tag}</span>`}
      <${Audience} session=${session} event=${entry.event} />
      ${known !== null && html`<span class=${`known ${known ? "" : "gone"}`} title=${known ? W.lens.inPrompt : W.lens.notInPrompt}>${known ? "●" : "○"}</span>`}
      <span class="space" /><${HeardBy} session=${session} event=${entry.event} /></header>
    <p class="said" dir="auto">${entry.text}</p>
  </${Frame}>`;
}

/** @param {Of} props */
function Action({ session, entry }) {
  const { payload } = entry.event;
  const told = Object.entries(payload.arguments || {}).filter(([, value]) => value !== null && value !== "");
  return html`<${Frame} session=${session} entry=${entry} kind="move">
    <header><b class="who">${session.store.name(entry.event.source)}</b><span class="move-name"><${Icon} name="bolt" />${titled(entry.tag)}</span>
      <${Audience} session=${session} event=${entry.event} /><span class="space" /><${HeardBy} session=${session} event=${entry.event} /></header>
    <dl class="arguments">${told.map(([name, value]) => html`<div><dt>${titled(name)}</dt><dd>${plain(value)}</dd></div>`)}</dl>
    ${entry.text && html`<p class="result" dir="auto">${entry.text}</p>`}
  </${Frame}>`;
}

/** @param {Of} props */
function Inject({ session, entry }) {
  const { payload, source } = entry.event;
  const by = payload.origin !== "template" && payload.origin !== "rule" ? payload.origin : "";
  const from = source && !["template", "rule", "run", by].includes(source) ? session.store.name(source) : "";
  return html`<${Frame} session=${session} entry=${entry} kind="inject">
    <header><span class="inject-name"><${Icon} name="inject" />${W.inject}${entry.tag ? ` · ${entry.tag}` : ""}</span>${from && html`<b>${from}</b>`}${by && html`<span class="tag">${by}</span>`}
      <${Audience} session=${session} event=${entry.event} /><span class="space" /><${HeardBy} session=${session} event=${entry.event} /></header>
    <p class="said" dir="auto">${entry.text}</p>
  </${Frame}>`;
}

/** @param {Of} props */
function Heading({ session, entry }) {
  const { event } = entry;
  const title = session.template.value?.flow?.phases?.[entry.who]?.title || titled(entry.who);
  return html`<div id=${`line-${event.seq}`} class=${`phase ${dimmed(session, event)}`}>
    <h3><span>${title}</span></h3>${entry.tag && entry.tag !== "start" && html`<small>${entry.tag}</small>`}
    ${entry.text && html`<p class="stage" dir="auto">${entry.text}</p>`}
  </div>`;
}

/** @param {Of} props */
function Premise({ session, entry }) {
  return html`<section id=${`line-${entry.event.seq}`} class=${`premise ${dimmed(session, entry.event)}`}><h3>${W.premise}</h3><p dir="auto">${entry.text}</p></section>`;
}

function Changes({ session, block }) {
  return html`<div class=${`changes ${dimmed(session, block.entries[0].event)}`}>
    ${block.entries.map(({ event, tone }) => {
      const { payload, seq } = event;
      return tone === "refused"
        ? html`<span key=${seq} id=${`line-${seq}`} class="change no" title=${payload.reason}><span>${titled(payload.variable)}</span><s>${plain(payload.value)}</s><em>${W.refusedChange}</em></span>`
        : html`<span key=${seq} id=${`line-${seq}`} class="change" title=${payload.cause}><span>${titled(payload.variable)}</span><${Change} payload=${payload} /></span>`;
    })}</div>`;
}

function Change({ payload }) {
  const [old, now] = change(payload.old, payload.new);
  return html`${old && html`<span class="old">${old}</span><span aria-label="to">→</span>`}<b>${now}</b>`;
}

function Machinery({ session, block }) {
  const warnings = block.entries.filter((entry) => entry.tone === "warning").length;
  return html`<details class=${`machinery ${warnings ? "warned" : ""} ${dimmed(session, block.entries[0].event)}`}>
    <summary>${W.machinery(block.entries.length - warnings, warnings)}</summary>
    <ul>${block.entries.map((entry) => html`<li key=${entry.event.seq} id=${`line-${entry.event.seq}`} class=${entry.tone}>${entry.text}</li>`)}</ul>
  </details>`;
}

function Scores({ session, block }) {
  return html`<section class=${`scores ${dimmed(session, block.entries[0].event)}`}><h3>${session.store.name(block.entries[0].event.source)} · ${W.scores}</h3>
    <ul>${block.entries.map(({ event }) => html`<li key=${event.seq} id=${`line-${event.seq}`} class=${session.line.value === event.seq ? "chosen" : ""}>
      <span class="what">${event.kind === "verdict" ? W.verdict(event.payload.goal, event.payload.met)
        : html`${titled(event.payload.measure)}${event.payload.of ? html` <span class=${session.hue(event.payload.of)}><span class="who">${session.store.name(event.payload.of)}</span></span>` : ""}`}</span>
      ${event.kind === "measurement" && html`<b class="value">${event.payload.value ?? W.score.noValue}</b>`}
      <span class="rationale">${event.payload.rationale} <${Evidence} session=${session} keys=${event.payload.evidence} /></span></li>`)}</ul></section>`;
}

/** @param {Of} props */
function Analysis({ session, entry }) {
  const [open, setOpen] = useState(false);
  const { findings } = entry.event.payload;
  return html`<aside id=${`line-${entry.event.seq}`} class=${`analysis ${dimmed(session, entry.event)}`}>
    <header><b>${session.store.name(entry.event.source)}</b> <small>${W.assessment}</small></header>
    <p>${entry.text}</p>
    ${findings?.length > 0 && html`<button class="plain more" aria-expanded=${open} onClick=${() => setOpen(!open)}>${open ? "−" : "+"} ${findings.length}</button>`}
    ${open && html`<ul>${findings.map((finding) => html`<li>${finding}</li>`)}</ul>`}
  </aside>`;
}

/** @param {Of} props */
function Report({ session, entry }) {
  return html`<section id=${`line-${entry.event.seq}`} class="report-block"><h3>${session.store.name(entry.event.source)} · ${W.report}</h3><${Markdown} text=${entry.text} /></section>`;
}

/** @param {Of} props */
function Status({ session, entry }) {
  return html`<p id=${`line-${entry.event.seq}`} class=${`status-line ${dimmed(session, entry.event)}`}>${entry.tag && html`<b>${entry.tag}</b> `}${entry.text}</p>`;
}

/** @param {Of} props */
function End({ entry }) {
  return html`<section id=${`line-${entry.event.seq}`} class=${`ending ${entry.event.kind === "run_failed" ? "bad" : ""}`}><b>${entry.tag}</b><p dir="auto">${entry.text}</p>${entry.event.payload.error?.cure && html`<p class="cure"><b>${W.cure}:</b> <${Coded} text=${entry.event.payload.error.cure} /></p>`}</section>`;
}

/** @param {Of} props */
function Forked({ entry }) {
  const { parent, at_turn: turn } = entry.event.payload;
  return html`<p id=${`line-${entry.event.seq}`} class="status-line fork"><${Icon} name="fork" /> ${W.forkedFrom(turn)} <a href=${link(["runs", parent], { turn })}>${parent}</a></p>`;
}

const TONES = { speech: Speech, action: Action, inject: Inject, heading: Heading, premise: Premise, analysis: Analysis, report: Report, end: End, fork: Forked };
