// Who is reading: one of the sample readers, or someone new.

import { byId, element } from "./element.js";
import * as service from "./service.js";

const NEWCOMER = "You come as nobody. What you open, hide or turn down sets your next page.";

/**
 * The sample readers whose reading is in the catalogue, whole.
 *
 * @returns {Promise<{name: string, about: string, languages: string[], clicks: string[]}[]>}
 */
export async function presentPersonas() {
  const all = await service.personas();
  const clicked = [...new Set(all.flatMap((persona) => persona.clicks))];
  if (clicked.length === 0) return [];
  const { articles } = await service.map(1, clicked);
  const present = new Set(articles.map((article) => article.article_id));
  return all.filter((persona) => persona.clicks.every((articleId) => present.has(articleId)));
}

/** Draw the choice, and who is chosen. */
export function wirePersonas(desk) {
  const choices = [
    choice(null, "Someone new", () => desk.startCold()),
    ...desk.personas.map((persona) => choice(persona.name, persona.name, () => desk.readAs(persona))),
  ];
  byId("personas").replaceChildren(...choices);
  byId("forget").addEventListener("click", () => desk.forget());
  const show = () => showChosen(desk, choices);
  desk.addEventListener("reader", show);
  show();
}

const choice = (name, label, choose) =>
  element("button.choice", {
    type: "button",
    "data-test": "persona",
    "data-persona": name ?? "",
    onclick: choose,
  }, element("bdi", {}, label));

function showChosen({ reader, personas }, choices) {
  for (const button of choices) {
    button.setAttribute("aria-pressed", String(button.dataset.persona === (reader.persona ?? "")));
  }
  const persona = personas.find((each) => each.name === reader.persona);
  byId("edition-for").replaceChildren(...(persona
    ? ["Edition for ", element("bdi", {}, persona.name)]
    : [reader.acts.length ? "Edition for you" : "Edition for a newcomer"]));
  byId("reader-name").replaceChildren(element("bdi", {}, persona?.name ?? "someone new"));
  byId("about").textContent = persona?.about ?? NEWCOMER;
}
