// The call inspector: what a model was asked for the chosen line, what it answered, and what that took.

import { html, useEffect, useState } from "../lib/html.js";
import { duration, money, number, plain } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Prompt } from "./prompt.js";

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function CallPanel({ session }) {
  session.store.version.value;
  const event = session.store.events.find((each) => each.seq === session.line.value);
  const [calls, setCalls] = useState(/** @type {any[] | null} */ (null));
  const role = event?.source;
  useEffect(() => {
    setCalls(null);
    if (!event || !role) return undefined;
    let current = true;
    source.calls(session.id, { role, from_turn: event.turn, to_turn: event.turn, prompts: true }).then((found) => current && setCalls(found.items), () => current && setCalls([]));
    return () => { current = false; };
  }, [event?.seq]);
  if (!event || !role || !session.roles().includes(role)) return html`<p class="empty">${W.call.none}</p>`;
  if (calls === null) return html`<p class="empty">${W.loading}</p>`;
  const mine = calls.filter((call) => fitsEvent(call, event));
  const shown = mine.length ? mine : calls;
  if (!shown.length) return html`<p class="empty">${event.payload.played_by && event.payload.played_by !== "model" ? W.call.person : W.call.none}</p>`;
  return html`<div class="panel-body">${shown.map((call) => html`<${Call} key=${call.id} session=${session} call=${call} many=${shown.length > 1} />`)}</div>`;
}

const TASKS = { assessment: "observe", measurement: "measure", report: "report", verdict: "judge", utterance: "speak", action: "speak" };

function fitsEvent(call, event) {
  const task = TASKS[event.kind];
  if (!task || call.task !== task) return false;
  const place = /\.(?:measure|judge)\.(\d+)$/.exec(event.key);
  return event.kind !== "measurement" || call.ordinal === (place ? Number(place[1]) : 0);
}

function Call({ session, call, many }) {
  const cached = call.prompt_tokens && call.cached_tokens ? `${Math.round((call.cached_tokens / call.prompt_tokens) * 100)} % ${W.call.cached}` : "";
  return html`<section class=${`call ${session.hue(call.role)}`}>
    <h2><span class="who">${session.store.name(call.role)}</span> · ${W.turn(call.turn)}${many ? html` <small>${W.call.ordinal(call.ordinal)}</small>` : ""}</h2>
    <div class="figures">
      <div><b>${number(call.prompt_tokens)}</b><small>${W.call.tokensIn}${cached ? `, ${cached}` : ""}</small></div>
      <div><b>${number(call.completion_tokens)}</b><small>${W.call.tokensOut}</small></div>
      <div><b>${money(call.cost_usd)}</b><small>${W.call.cost}</small></div>
      <div><b>${duration(call.latency_ms)}</b><small>${W.call.latency}</small></div>
    </div>
    ${call.error && html`<div class="problem"><strong>${W.call.error}</strong><span>${call.error.message}</span></div>`}
    <dl class="facts"><dt>${W.call.model}</dt><dd>${call.alias}${call.model && call.model !== call.alias ? ` (${call.model})` : ""}</dd><dt>${W.call.purpose}</dt><dd>${call.purpose}</dd><dt>${W.call.finish}</dt><dd>${call.finish_reason || "–"}</dd></dl>
    ${call.attempts?.length > 0 && html`<h3>${W.call.attempts}</h3><ol class="attempts">${call.attempts.map((each) => html`<li><b>${each.alias}</b> <code>${each.code}</code> ${each.message} <small>${duration(each.latency_ms)}${each.waited_ms ? `, ${W.call.waited} ${duration(each.waited_ms)}` : ""}</small></li>`)}</ol>`}
    <h3>${W.call.prompt}</h3><${Prompt} messages=${call.messages} />
    <h3>${W.call.reply}</h3><pre class="reply" tabindex="0">${call.reply ?? "–"}</pre>
    <details><summary>${W.call.settings}</summary><dl class="facts">${Object.entries(call.settings || {}).map(([name, value]) => html`<dt>${name}</dt><dd class="mono">${plain(value)}</dd>`)}</dl></details>
    ${call.prompts && html`<details><summary>${W.call.prompts}</summary><dl class="facts">${Object.entries(call.prompts).map(([name, hash]) => html`<dt>${name}</dt><dd class="mono">${hash}</dd>`)}</dl></details>`}
    ${call.raw && html`<details><summary>${W.call.raw}</summary><pre tabindex="0">${JSON.stringify(call.raw, null, 2)}</pre></details>`}
  </section>`;
}
