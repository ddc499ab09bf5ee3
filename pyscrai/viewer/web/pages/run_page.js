// One run: its transcript, what is beside it, and what may be asked of it.

import { html, useEffect, useMemo } from "../lib/html.js";
import { route } from "../lib/router.js";
import { source } from "../data/source.js";
import { RunSession } from "../data/run_session.js";
import { Cast } from "../components/cast.js";
import { ExportDialog } from "../components/export_dialog.js";
import { ForkDialog } from "../components/fork_dialog.js";
import { InjectDialog } from "../components/inject_dialog.js";
import { NoteDialog } from "../components/notes.js";
import { PageInWait } from "../components/page_in_wait.js";
import { Panels } from "../components/panels.js";
import { ApprovalForm, isApproval } from "../components/approval_form.js";
import { BudgetDialog } from "../components/budget_dialog.js";
import { PersonForm, requestKey } from "../components/person_form.js";
import { RoleDialog } from "../components/role_dialog.js";
import { RunHeader } from "../components/run_header.js";
import { Scrubber } from "../components/scrubber.js";
import { StopDialog } from "../components/stop_dialog.js";
import { refuse } from "../components/toasts.js";
import { Transcript } from "../components/transcript.js";
import { connection } from "../components/connection.js";
import { runKeys } from "../components/run_keys.js";

/** @param {{id: string}} props */
export function RunPage({ id }) {
  const session = useMemo(() => new RunSession(id), [id]);
  useEffect(() => {
    session.open();
    const keys = runKeys(session);
    addEventListener("keydown", keys);
    return () => { session.close(); removeEventListener("keydown", keys); connection.value = ""; };
  }, [session]);
  useEffect(() => { connection.value = session.connection.value; }, [session.connection.value]);
  // A link on this page to one of its own lines changes the address alone.
  useEffect(() => {
    const { line, panel } = route.value.query;
    if (line && Number(line) !== session.line.peek()) session.choose(Number(line), panel);
    else if (panel && panel !== session.panel.peek()) session.show(panel);
  }, [route.value]);
  const run = session.run.value;
  useEffect(() => { if (run) document.title = `${run.name} · PyScrAI`; }, [run?.name]);

  if (session.problem.value && !run) return html`<${PageInWait} problem=${session.problem.value} />`;
  const waiting = source.canSteer ? run?.waiting || [] : [];
  const reply = (request) => async (answer) => { await source.reply(id, request.role, answer); session.refresh(); };
  const release = (request) => () => source.release(id, request.role).then(() => session.refresh(), refuse);
  return html`<main id="content" class="run-page">
    <${RunHeader} session=${session} />
    <div class="columns">
      <${Cast} session=${session} />
      <section class="middle">
        <${Transcript} session=${session} />
        ${waiting.length > 0 && html`<div class="waiting-for">${waiting.map((request) => (isApproval(request)
          ? html`<${ApprovalForm} key=${requestKey(request)} request=${request} send=${reply(request)} hue=${session.hue(request.role)} names=${session.store.name} />`
          : html`<${PersonForm} key=${requestKey(request)} request=${request} send=${reply(request)} release=${release(request)} names=${session.store.name} />`))}</div>`}
      </section>
      <${Panels} session=${session} />
    </div>
    <${Scrubber} session=${session} />
    <${Dialogs} session=${session} />
  </main>`;
}

function Dialogs({ session }) {
  const open = session.dialog.value;
  if (!open || !session.run.value || !session.read.value) return null;     // opens as soon as the run has been read
  const close = () => { session.dialog.value = null; };
  if (open.name === "inject") return html`<${InjectDialog} session=${session} close=${close} />`;
  if (open.name === "role") return html`<${RoleDialog} session=${session} role=${open.role} close=${close} />`;
  if (open.name === "note") return html`<${NoteDialog} session=${session} event=${open.event} close=${close} />`;
  if (open.name === "budget") return html`<${BudgetDialog} session=${session} close=${close} />`;
  if (open.name === "export") return html`<${ExportDialog} what=${{ run: session.id }} close=${close} />`;
  if (open.name === "stop") return html`<${StopDialog} session=${session} close=${close} />`;
  return html`<${ForkDialog} session=${session} event=${open.event} close=${close} />`;
}
