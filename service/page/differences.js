// Two lists for one reader, told apart.

/**
 * @typedef {{kind: "same" | "higher" | "lower" | "alone", words: string}} Mark
 *   of one story, as seen from its own list
 */

/**
 * @param {{article_id: string}[]} left
 * @param {{article_id: string}[]} right
 * @returns {[Map<string, Mark>, Map<string, Mark>]}
 */
export const differences = (left, right) => [marked(left, right), marked(right, left)];

/** What the two lists share, in a sentence. */
export function inCommon(left, right) {
  const marks = [...marked(left, right).values()];
  const both = marks.filter(({ kind }) => kind !== "alone").length;
  const same = marks.filter(({ kind }) => kind === "same").length;
  if (both === left.length && same === both) return "Both give the same list.";
  return `${both} of ${left.length} stories stand in both lists, ${same} of them at the same place.`;
}

function marked(own, other) {
  const places = new Map(other.map(({ article_id }, place) => [article_id, place]));
  return new Map(own.map(({ article_id }, place) => [article_id, mark(place, places.get(article_id))]));
}

function mark(here, there) {
  if (there === undefined) return { kind: "alone", words: "only here" };
  if (here === there) return { kind: "same", words: "same place" };
  const by = Math.abs(there - here);
  return here < there
    ? { kind: "higher", words: `${by} higher` }
    : { kind: "lower", words: `${by} lower` };
}
