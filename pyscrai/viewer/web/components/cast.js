// The cast: who is there, who is at work, and the lens through which the play is read.

import { html } from "../lib/html.js";
import { hears } from "../lib/audience.js";
import { W } from "../words.js";
import { source } from "../data/source.js";
import { Icon } from "./icons.js";

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Cast({ session }) {
  const run = session.run.value;
  session.store.version.value;
  if (!run) return null;
  const lens = session.lens.value;
  const drafts = session.store.drafts.value;
  return html`<section class="cast" aria-label=${W.cast}>
    <h2 class="small">${W.cast}</h2>
    <ul>${run.cast.map((member) => {
      const atWork = drafts[member.role] || (run.status === "running" && run.speakers.includes(member.role));
      const waits = run.waiting.some((request) => request.role === member.role);
      return html`<li key=${member.role} class=${`${session.hue(member.role)} ${atWork ? "at-work" : ""} ${waits ? "waits" : ""} ${lens === member.role ? "read-as" : ""}`}>
        <button class="member" aria-pressed=${lens === member.role} title=${W.lens.hint} onClick=${() => session.readAs(lens === member.role ? "" : member.role)}>
          <span class="face" aria-hidden="true">${initials(member.name)}</span>
          <span class="about"><b class="who">${member.name}</b><small>${member.played_by !== "model" ? W.playedBy(member.played_by || "?") : `${member.engine} · ${member.model}`}</small></span>
          <${Icon} name="eye" />
        </button>
        ${source.canSteer && run.ended_at === null && member.engine !== "analyst" && html`<button class="icon role-menu" title=${W.person.whoPlays} aria-label=${`${W.person.whoPlays} ${member.name}`} onClick=${() => { session.dialog.value = { name: "role", role: member.role }; }}><${Icon} name="person" /></button>`}
      </li>`;
    })}</ul>
    ${lens && html`<p class="heard-count">${counted(session, lens)}</p>`}
  </section>`;
}

function counted(session, role) {
  const lines = session.store.events.filter((event) => ["utterance", "action", "inject"].includes(event.kind) && (session.turn.value === null || event.turn <= session.turn.value));
  return W.lens.heard(lines.filter((event) => hears(role, event)).length, lines.length);
}

const letters = new Intl.Segmenter();

/** The first letter of a word as a reader sees it: a sign of several parts is one. */
const firstOf = (word) => [...letters.segment(word)][0]?.segment || "";

const initials = (name) => name.replace(/^(The|Dr|Mayor|Mr|Mrs|Ms)\.? /, "").split(/\s+/).map(firstOf).slice(0, 2).join("").toUpperCase();
