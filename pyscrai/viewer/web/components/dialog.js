// A dialog over the page: focus stays in it, Escape closes it.

import { html, useEffect, useRef } from "../lib/html.js";
import { W } from "../words.js";
import { Icon } from "./icons.js";

/** @param {{title: string, close: () => void, children?: any, footer?: any, submit?: () => void}} props */
export function Dialog({ title, close, children, footer, submit }) {
  const box = useRef(null);
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current.showModal();
    box.current.querySelector("[autofocus], .body input, .body textarea, .body select")?.focus();
    return () => before?.focus?.();
  }, []);
  const send = (event) => {
    event.preventDefault();
    submit?.();
  };
  const id = `dialog-${title.replace(/\W+/g, "-").toLowerCase()}`;
  return html`<dialog ref=${box} aria-labelledby=${id} onClose=${close} onKeyDown=${(event) => event.stopPropagation()}
      onClick=${(event) => { if (event.target === box.current) close(); }}>
    <header><h2 id=${id}>${title}</h2><button class="icon" aria-label=${W.close} onClick=${close}><${Icon} name="close" /></button></header>
    ${submit
      ? html`<form class="body fields" id=${`${id}-form`} onSubmit=${send}>${children}</form>`
      : html`<div class="body fields" tabindex="0">${children}</div>`}
    ${footer && html`<footer>${typeof footer === "function" ? footer(`${id}-form`) : footer}</footer>`}
  </dialog>`;
}
