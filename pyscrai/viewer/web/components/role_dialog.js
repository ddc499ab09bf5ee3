// Who plays a role: a model, oneself, or a person elsewhere who gets a link that opens this seat and nothing else.

import { html, useState } from "../lib/html.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";
import { ProblemBox } from "./problem.js";
import { say } from "./toasts.js";

/** @param {{session: import("../data/run_session.js").RunSession, role: string, close: () => void}} props */
export function RoleDialog({ session, role, close }) {
  const member = session.run.value.cast.find((each) => each.role === role);
  const person = member.played_by === "model" ? "" : member.played_by;
  const [name, setName] = useState(person);
  const [link, setLink] = useState("");
  const [problem, setProblem] = useState(null);
  const act = (what) => async () => {
    try { await what(); session.refresh(); close(); } catch (error) { setProblem(error); }
  };
  const offer = async () => {
    try {
      const made = await source.seat(session.id, role, { person: name.trim() || "guest" });
      setLink(String(new URL(`#/seat/${made.token}`, location.href.split("#")[0])));
      setProblem(null);
      session.refresh();
    } catch (error) { setProblem(error); }
  };
  const copy = () => navigator.clipboard?.writeText(link).then(() => say(W.copied), () => {});
  return html`<${Dialog} title=${member.name} close=${close}>
    <p>${person ? W.playedBy(person) : W.person.byModel(member.model)}</p>
    <div class="row">${person
      ? html`<button onClick=${act(() => source.release(session.id, role))}>${W.person.release}</button>`
      : html`<button onClick=${act(() => source.takeOver(session.id, role))}>${W.person.takeOver}</button>`}<small>${person ? "" : W.person.takeOverHint}</small></div>
    <hr />
    <h3>${W.person.seat}</h3><p class="hint">${W.person.seatHint}</p>
    ${link ? html`<label class="field">${W.person.seatDone}<input readonly class="mono seat-link" value=${link} onFocus=${(event) => event.target.select()} /></label><div class="row"><button class="primary" onClick=${copy}>${W.copyShort}</button></div>`
      : html`<div class="row"><label class="field">${W.newRun.person}<input value=${name} maxlength="64" disabled=${Boolean(person)} onInput=${(event) => setName(event.target.value)} /></label><button class="primary seat-make" onClick=${offer}>${W.person.seatMake}</button></div>`}
    <${ProblemBox} problem=${problem} />
  </${Dialog}>`;
}
