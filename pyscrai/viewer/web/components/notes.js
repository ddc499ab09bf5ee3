// What people wrote on a line, by whom; and the dialog in which one writes.

import { html, useState } from "../lib/html.js";
import { ago, moment } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { ProblemBox } from "./problem.js";
import { refuse } from "./toasts.js";

/** @param {{session: import("../data/run_session.js").RunSession, event: any}} props */
export function Notes({ session, event }) {
  const notes = session.notes.value[event.key];
  if (!notes) return null;
  const remove = (note) => source.removeAnnotation(session.id, note.id).then(() => session.readNotes(), refuse);
  return html`<ul class="notes" aria-label=${W.notes.title}>${notes.map((note) => html`<li key=${note.id}>
    <${Icon} name="note" /><div><b>${note.author}</b> <small title=${moment(note.created_at)}>${ago(note.created_at)}</small>${note.tags.map((tag) => html` <span key=${tag} class="tag">${tag}</span>`)}
      ${note.text && html`<p dir="auto">${note.text}</p>`}</div>
    ${source.canSteer && html`<button class="icon" aria-label=${W.notes.remove} title=${W.notes.remove} onClick=${() => remove(note)}><${Icon} name="close" /></button>`}</li>`)}</ul>`;
}

/** @param {{session: import("../data/run_session.js").RunSession, event: any, close: () => void}} props */
export function NoteDialog({ session, event, close }) {
  const [text, setText] = useState("");
  const [tags, setTags] = useState("");
  const [problem, setProblem] = useState(null);
  const submit = async () => {
    try {
      await source.annotate(session.id, { key: event.key, text, tags: tags.split(",").map((tag) => tag.trim()).filter(Boolean) });
      await session.readNotes();
      close();
    } catch (error) { setProblem(error); }
  };
  return html`<${Dialog} title=${W.notes.write(event.turn)} close=${close} submit=${submit} footer=${(form) => html`<button onClick=${close}>${W.cancel}</button><button class="primary" type="submit" form=${form}>${W.save}</button>`}>
    ${event.payload.text && html`<blockquote class="quoted">${event.payload.text}</blockquote>`}
    <label class="field">${W.notes.text}<textarea autofocus maxlength="4000" value=${text} onInput=${(input) => setText(input.target.value)} /><small>${W.notes.hint}</small></label>
    <label class="field">${W.newRun.tags}<input value=${tags} onInput=${(input) => setTags(input.target.value)} /></label>
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}

/** All notes on a run, each a link to its line. @param {{session: import("../data/run_session.js").RunSession}} props */
export function NotesPanel({ session }) {
  const { store } = session;
  store.version.value;
  const [tag, setTag] = useState("");
  const notes = Object.values(session.notes.value).flat().sort((a, b) => a.id - b.id);
  const tags = [...new Set(notes.flatMap((note) => note.tags))].sort();
  const shown = notes.filter((note) => !tag || note.tags.includes(tag));
  return html`<div class="panel-body">
    ${tags.length > 0 && html`<div class="row" role="group" aria-label=${W.about.tags}>${tags.map((each) => html`<button key=${each} class="tag-choice" aria-pressed=${tag === each} onClick=${() => setTag(tag === each ? "" : each)}>${each}</button>`)}</div>`}
    ${notes.length === 0 ? html`<p class="empty">${source.canSteer ? W.notes.none : W.notes.noneHere}</p>` : html`<ul class="note-list">${shown.map((note) => {
      const event = store.byKey.get(note.key);
      return html`<li key=${note.id} class=${session.hue(event?.source)}><button class="plain" onClick=${() => session.seek(note.key)}><small>${event ? `${W.turn(event.turn)} · ${store.name(event.source) || ""}` : note.key} · ${note.author}</small>
        <span>${note.text || note.tags.join(", ")}</span></button></li>`;
    })}</ul>`}</div>`;
}
