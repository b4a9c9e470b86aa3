// Who reads: an id made for this tab, and what was done under it.

import { freshName, keep, recall } from "./session.js";

/**
 * @typedef {"click" | "like" | "dislike" | "hide"} Kind
 * @typedef {{articleId: string, kind: Kind}} Act
 * @typedef {{id: string, persona: string | null, acts: Act[]}} Reader
 *   `acts`: the oldest first. The service has them too; who may not ask it for stored readers sees
 *   them here all the same.
 */

/** @returns {Reader} someone of whom nothing is known */
export const newcomer = (persona = null) => ({ id: freshName("page-"), persona, acts: [] });

/** @returns {Reader} the one who read in this tab last, or a newcomer */
export const returning = () => recall("reader") ?? newcomer();

/** @returns {Reader | null} the persona as this tab left it */
export const returningAs = (persona) => (recall("personas") ?? {})[persona] ?? null;

/** Remember the reader until the tab is closed. */
export function remember(reader) {
  keep("reader", reader);
  if (reader.persona !== null) {
    keep("personas", { ...recall("personas"), [reader.persona]: reader });
  }
}

/** Forget the reader, in this tab. */
export function forget(reader) {
  keep("reader", null);
  if (reader.persona === null) return;
  const { [reader.persona]: _, ...others } = recall("personas") ?? {};
  keep("personas", others);
}

/** @returns {Reader} after the act. A like takes back a dislike. */
export function after(reader, act) {
  const withdrawn = act.kind === "like" ? "dislike" : null;
  const acts = reader.acts.filter(
    (former) => former.articleId !== act.articleId || former.kind !== withdrawn,
  );
  return { ...reader, acts: [...acts, act] };
}

/** What the reader's taste is made of. */
export const clicks = (reader) => reader.acts.filter((act) => act.kind === "click");
