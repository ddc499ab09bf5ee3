// The seat of a person who plays one role: what it hears, and what it is asked. Made for a telephone too.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { listed, plain, titled } from "../lib/format.js";
import { route } from "../lib/router.js";
import { seatSource, seatToken } from "../data/seat_source.js";
import { W } from "../words.js";
import { connection } from "../components/connection.js";
import { Icon } from "../components/icons.js";
import { ApprovalForm, isApproval } from "../components/approval_form.js";
import { PageInWait } from "../components/page_in_wait.js";
import { PersonForm, requestKey } from "../components/person_form.js";

export function SeatPage() {
  const token = useMemo(() => seatToken(route.value.path[1]), [route.value.path[1]]);
  const source = useMemo(() => seatSource(token), [token]);
  const [view, setView] = useState(/** @type {any} */ (null));
  const [lines, setLines] = useState(/** @type {any[]} */ ([]));
  const [drafts, setDrafts] = useState(/** @type {Record<string, string>} */ ({}));
  const [refused, setRefused] = useState(!token);
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const near = useRef(true);

  useEffect(() => {
    if (!token) return undefined;
    const stop = source.follow({
      events: (batch) => {
        const heard = batch.filter((event) => event.wire === "line");
        const state = batch.findLast((event) => event.wire === "state");
        if (heard.length) setLines((before) => [...before, ...heard]);
        if (state) setView(state);
        setDrafts((before) => speaking(before, batch));
      },
      state: (state) => { connection.value = state; if (state !== "live") setDrafts({}); if (state === "refused") setRefused(true); },
    });
    return () => { stop(); connection.value = ""; };
  }, [source]);
  useEffect(() => { if (near.current) end.current?.scrollIntoView({ block: "end" }); }, [lines.length, view?.status, drafts]);
  useEffect(() => { if (view) document.title = `${view.name} · ${view.title}`; }, [view?.name]);

  if (refused) return html`<${PageInWait} words=${W.seat.gone} />`;
  if (!view) return html`<${PageInWait} words=${W.seat.reading} />`;
  const roles = Object.keys(view.cast);
  const hue = (role) => { const place = roles.indexOf(role); return place < 0 ? "role-none" : `role-${place % 10}`; };
  const name = (role) => view.cast[role] || role;
  // The request is to the seat's own role, or about a proposal of another one that this seat decides.
  const asked = view.request && { role: view.role, variables: view.variables, ...view.request, name: name(view.request.role || view.role) };
  const scrolled = () => { const { scrollHeight, scrollTop, clientHeight } = box.current; near.current = scrollHeight - scrollTop - clientHeight < 80; };
  return html`<main id="content" class="seat-page">
    <header class=${`seat-head ${hue(view.role)}`}><div><h1><span class="who">${W.seat.title(view.name)}</span></h1><p>${view.title}${view.phase ? ` · ${view.phase}` : ""}</p></div>
      <span class=${`pill ${{ asked: "waiting", going_on: "running", standing: "paused", ended: "completed" }[view.status]}`} role="status"><i class=${view.status === "going_on" ? "pulse" : ""} />${W.seat.statuses[view.status]}</span></header>
    <div class="scroll seat-lines" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-label=${W.seat.transcript}>
      ${view.secret && html`<section class="secret"><h2 class="small">${W.seat.secret}</h2><p dir="auto">${view.secret}</p></section>`}
      ${lines.map((line) => html`<${Line} key=${line.id} line=${line} role=${view.role} hue=${hue} name=${name} />`)}
      ${Object.entries(drafts).map(([role, text]) => html`<article key=${role} class=${`bubble streaming ${hue(role)}`} aria-live="off"><header><b class="who">${name(role)}</b><span class="dots"><i class="pulse" />${W.speaking}</span></header><p dir="auto">${text}<span class="caret" /></p></article>`)}
      <div ref=${end} />
    </div>
    ${Object.keys(view.variables).length > 0 && html`<p class="seat-world"><span class="hidden">${W.seat.variables}: </span>${Object.entries(view.variables).map(([field, value]) => html`<span key=${field}>${titled(field)} <b>${plain(value)}</b></span>`)}</p>`}
    ${view.request && html`<div class=${`seat-form ${hue(asked.role)}`}>${isApproval(asked)
      ? html`<${ApprovalForm} key=${requestKey(asked)} request=${asked} send=${(answer) => source.reply(answer)} hue=${hue(asked.role)} names=${name} brief=${true} />`
      : html`<${PersonForm} key=${requestKey(asked)} request=${asked} send=${(answer) => source.reply(answer)} names=${name} brief=${true} />`}</div>`}
  </main>`;
}

/** What is being said: `speech` tells all of it so far, and the line itself ends it. @param {Record<string, string>} before @param {any[]} batch */
function speaking(before, batch) {
  let drafts = before;
  for (const event of batch) {
    const { role = event.source, text } = event;
    if (event.wire !== "speech" && event.wire !== "line") continue;
    const { [role]: gone, ...rest } = drafts;
    if (event.wire === "speech" && text) drafts = { ...rest, [role]: text };
    else if (gone !== undefined) drafts = rest;
  }
  return drafts;
}

function Line({ line, role, hue, name }) {
  const { kind } = line;
  const mine = line.source === role;
  const only = line.to && html`<small class="only"><${Icon} name="whisper" />${mine ? W.seat.whispered(listed(line.to.map(name))) : W.seat.private}</small>`;
  if (kind === "run_started") return html`<section class="premise"><p dir="auto">${line.text}</p></section>`;
  if (kind === "phase_entered") return html`<div class="phase"><h3><span>${line.phase}</span></h3>${line.text && html`<p class="stage" dir="auto">${line.text}</p>`}</div>`;
  if (kind === "inject") return html`<article class="bubble news"><header><b>${line.source && line.source !== "template" ? titled(line.source) : W.inject}</b>${only}</header><p dir="auto">${line.text}</p></article>`;
  if (kind === "variable_changed") return html`<p class="changes"><span class="change"><span>${titled(line.variable)}</span><span class="old">${plain(line.old)}</span><span aria-label="to">→</span><b>${plain(line.new)}</b></span></p>`;
  if (kind === "action") {
    const told = Object.entries(line.arguments || {}).filter(([, value]) => value !== null && value !== "");
    return html`<article class=${`bubble ${hue(line.source)} ${mine ? "mine" : ""}`}><header><b class="who">${name(line.source)}</b>${only}</header><p><b>${titled(line.action)}</b> ${told.map(([field, value]) => `${titled(field)}: ${plain(value)}`).join(" · ")}</p></article>`;
  }
  if (line.tool) return html`<article class=${`bubble ${hue(line.source)} ${mine ? "mine" : ""}`}><header><b class="who">${name(line.source)}</b>${only}</header><p dir="auto"><b>${titled(line.tool)}</b> ${kind === "tool_refused" ? `${W.refused}${line.text ? `: ${line.text}` : ""}` : line.text}</p></article>`;
  return html`<article class=${`bubble ${hue(line.source)} ${mine ? "mine" : ""} ${line.to ? "private" : ""}`}><header><b class="who">${line.name || name(line.source)}</b>${mine && html`<small>${W.seat.yours}</small>`}${only}</header><p dir="auto">${line.text}</p></article>`;
}
