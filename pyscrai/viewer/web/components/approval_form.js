// A model's proposal that nobody has heard yet: a person lets it pass, changes it, or rejects it with a reason.

import { html, useState } from "../lib/html.js";
import { listed, plain, titled } from "../lib/format.js";
import { W } from "../words.js";
import { AnswerFields, filledIn, sentOf } from "./answer_fields.js";
import { Icon } from "./icons.js";
import { useOneAnswer } from "./one_answer.js";
import { Known, sendsWith } from "./person_form.js";
import { ProblemBox } from "./problem.js";

/** The task of a request that asks for a decision and not for a turn. */
export const isApproval = (request) => request?.task === "approve";

/**
 * @param {{request: any, send: (answer: any) => Promise<any>, hue: string, names?: (role: string) => string, brief?: boolean}} props
 *   `request` is what the run asks, as the API gives it; `brief` leaves out what stands elsewhere on the page
 */
export function ApprovalForm({ request, send, hue, names = titled, brief = false }) {
  const { proposal } = request;
  const [doing, setDoing] = useState("");
  const [edited, setEdited] = useState(() => filledIn(proposal));
  const [reason, setReason] = useState("");
  const { sent, problem, give, clear } = useOneAnswer(request, send);
  const submit = (event) => {
    event?.preventDefault();
    const why = reason.trim() ? { reason: reason.trim() } : {};
    if (doing === "edit") give({ decision: "edit", edited: sentOf(edited), ...why });
    else if (doing === "reject") give({ decision: "reject", ...why });
    else give({ decision: "accept" });
  };
  const back = html`<button type="button" class="plain" disabled=${sent} onClick=${() => { setDoing(""); clear(); }}>${W.approval.back}</button><span class="space" />`;
  return html`<form class="person-form approval" onSubmit=${submit} onKeyDown=${sendsWith(submit)}>
    <header class=${hue}><h2><span class="who">${request.name}</span> ${proposal.tool ? W.approval.wantsTool : W.approval.proposes}</h2><small>${W.turn(request.turn)}${request.phase ? ` · ${request.phase}` : ""}</small><span class="space" />
      ${!brief && html`<span class="pill waiting">${request.by ? W.approval.decides(names(request.by)) : W.approval.anyone}</span>`}</header>
    ${request.note && html`<p class="note">${titled(request.note)}</p>`}
    ${request.problem && html`<p class="problem">${request.problem}</p>`}
    <${Known} request=${request} brief=${brief} />
    <fieldset class="answer" disabled=${sent}>${doing === "edit"
      ? html`<${AnswerFields} schema=${request.schema?.properties?.edited} value=${edited} change=${setEdited} names=${names} label=${W.approval.says(request.name)} variables=${request.variables} />`
      : html`<${Proposal} proposal=${proposal} hue=${hue} names=${names} about=${request.schema?.properties?.edited?.properties?.arguments?.description} />`}
    ${doing === "reject" && html`<label class="field">${W.approval.why}<textarea rows="2" autofocus value=${reason} onInput=${(event) => setReason(event.target.value)} /><small>${proposal.next ? W.approval.rejectNext : proposal.tool ? W.approval.rejectTool : W.approval.rejectHint}</small></label>`}</fieldset>
    <${ProblemBox} problem=${problem} />
    <div class="row end">
      ${doing === "" && html`<button type="button" class="danger" disabled=${sent} onClick=${() => setDoing("reject")}>${W.approval.reject}</button><span class="space" />
        <button type="button" disabled=${sent} onClick=${() => setDoing("edit")}>${W.approval.edit}</button><button class="primary" disabled=${sent} type="submit">${W.approval.accept}</button>`}
      ${doing === "edit" && html`${back}<button class="primary" disabled=${sent} type="submit">${W.approval.sendEdited}</button>`}
      ${doing === "reject" && html`${back}<button class="danger" disabled=${sent} type="submit">${W.approval.reject}</button>`}
    </div>
  </form>`;
}

/** What would be heard, take effect or be used. @param {{proposal: any, hue: string, names: (role: string) => string, about?: string}} props */
function Proposal({ proposal, hue, names, about = "" }) {
  if (proposal.tool) {
    return html`<div class=${`proposal ${hue}`}><div class="proposed-move"><span class="move-name"><${Icon} name="bolt" />${titled(proposal.tool)}</span><${Arguments} given=${proposal.arguments} /></div>${about && html`<p class="hint">${about}</p>`}</div>`;
  }
  if (proposal.next) return html`<div class=${`proposal ${hue}`}><p class="said" dir="auto">${W.isNext(names(proposal.next), proposal.reason)}</p></div>`;
  const to = [proposal.to || []].flat().filter((each) => each !== "all");
  return html`<div class=${`proposal ${hue}`}>
    ${to.length > 0 && html`<p class="only"><${Icon} name="whisper" />${W.onlyTo(listed(to.map(names)))}</p>`}
    ${proposal.text ? html`<p class="said" dir="auto">${proposal.text}</p>` : html`<p class="hint">${W.approval.silent}</p>`}
    ${Object.entries(proposal.actions || {}).map(([action, given]) => html`<div key=${action} class="proposed-move"><span class="move-name"><${Icon} name="bolt" />${titled(action)}</span>
      <${Arguments} given=${given} /></div>`)}
    ${proposal.changes?.length > 0 && html`<div class="proposed-changes">${proposal.changes.map((each) => html`<span key=${each.variable} class="change"><span>${titled(each.variable)}</span><span aria-label="to">→</span><b>${plain(each.value)}</b></span>`)}</div>`}
    ${proposal.scene_over && html`<p class="hint">${W.person.sceneOver}</p>`}
  </div>`;
}

/** What a move or a tool is done with. @param {{given: any}} props */
function Arguments({ given }) {
  return html`<dl class="arguments">${Object.entries(given || {}).filter(([, value]) => value !== null && value !== "").map(([field, value]) => html`<div key=${field}><dt>${titled(field)}</dt><dd>${plain(value)}</dd></div>`)}</dl>`;
}
