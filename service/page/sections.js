// The sections of the paper, each with its colour: the same in a kicker as on the map.

import { element } from "./element.js";

const COLOURS = 12;

/** @type {Map<string, number>} */
const places = new Map();

/** Give the sections their colours: the largest first; what is left over has none of its own. */
export function colourSections(categories) {
  categories.slice(0, COLOURS).forEach(({ category }, place) => places.set(category, place));
}

/** The class of a section's colour. */
export const hue = (category) => (places.has(category) ? `hue-${places.get(category)}` : "hue-none");

/** A section's name above a headline, with its colour. Its language is not that of the story. */
export const kicker = (category) =>
  element("span.kicker", { lang: "", dir: "auto" }, swatch(category), category ?? "news");

/** A section's colour alone. */
export const swatch = (category) => element(`span.swatch.${hue(category)}`, { "aria-hidden": "true" });
