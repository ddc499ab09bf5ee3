// An answer counts once: what has been sent cannot be typed over or sent again, unless it was refused.

import { useEffect, useRef, useState } from "../lib/html.js";

/**
 * The first answer to a request counts, and its form stays until the run has gone on; what is typed then would be lost
 * with it, and what is sent would answer the request after it.
 * @param {any} request what the run asks; where it tells a problem with an answer, it asks for another one
 * @param {(answer: any) => Promise<any>} send
 * @returns {{sent: boolean, problem: any, give: (answer: any) => Promise<void>, clear: () => void}}
 *   `sent` is true from the moment of sending; `clear` takes the problem away
 */
export function useOneAnswer(request, send) {
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState(null);
  const field = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => { setSent(false); }, [request.problem]);
  useEffect(() => { if (problem) field.current?.focus(); }, [problem]);     // which a disabled form takes from it
  const give = async (answer) => {
    if (sent) return;
    field.current = /** @type {HTMLElement} */ (document.activeElement);
    setSent(true);
    setProblem(null);
    try { await send(answer); } catch (error) { setSent(false); setProblem(error); }
  };
  return { sent, problem, give, clear: () => setProblem(null) };
}
