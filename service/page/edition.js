// How the paper is set: what the reader asks for beside their taste.

import { hoursAgo } from "./hours.js";
import { keep, recall } from "./session.js";

/**
 * @typedef {{scenario: string | null, diversity: number | null, hours: number | null,
 *   languages: string[], categories: string[]}} Edition
 *   null and nothing: as the scenario has it. `hours`: no news that is older.
 */

/** @type {Readonly<Edition>} */
const PLAIN = Object.freeze({
  scenario: null,
  diversity: null,
  hours: null,
  languages: [],
  categories: [],
});

/** @returns {Edition} as it was set in this tab */
export const lastEdition = () => ({ ...PLAIN, ...recall("edition") });

/** Keep it until the tab is closed. */
export const keepEdition = (edition) => keep("edition", edition);

/** The request for a page, as docs/api.md has it. */
export function request(edition, reader, limit) {
  const asked = { user_id: reader.id, limit, explain: true };
  if (edition.scenario !== null) asked.scenario = edition.scenario;
  if (edition.diversity !== null) asked.diversity = edition.diversity;
  const filters = filtersOf(edition);
  if (Object.keys(filters).length) asked.filters = filters;
  return asked;
}

function filtersOf({ languages, categories, hours }) {
  const filters = {};
  if (languages.length) filters.languages = languages;
  if (categories.length) filters.categories = categories;
  if (hours !== null) filters.published_after = hoursAgo(hours);
  return filters;
}

/** The list with the value in it, or without it if it was there. */
export const toggled = (values, value) =>
  values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
