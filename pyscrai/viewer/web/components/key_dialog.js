// Asks for an API key, where the server wants one.

import { html, useState } from "../lib/html.js";
import { keepKey, keyMissing } from "../data/rest.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";

export function KeyDialog() {
  const [key, setKey] = useState("");
  const submit = () => { keepKey(key.trim()); location.reload(); };
  return html`<${Dialog} title=${W.key.title} close=${() => { keyMissing.value = ""; }} submit=${submit} footer=${(form) => html`<button class="primary" type="submit" form=${form}>${W.key.go}</button>`}>
    ${keyMissing.value === "auth.unknown" && html`<p class="problem">${W.key.unknown}</p>`}
    <p>${W.key.text}</p>
    <label class="field">${W.key.label}<input type="password" autocomplete="off" autofocus required value=${key} onInput=${(event) => setKey(event.target.value)} /><small class="mono">${W.key.cure}</small></label>
  </${Dialog}>`;
}
