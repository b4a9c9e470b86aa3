// The controls: scenario, diversity, freshness, languages, sections.

import { toggled } from "./edition.js";
import { byId, element } from "./element.js";
import { inEnglish, inItself, written } from "./languages.js";
import { swatch } from "./sections.js";

const MOST_SHOWN = 24;
const AGES = [
  [null, "any age"],
  [168, "the last week"],
  [72, "the last three days"],
  [24, "the last day"],
  [6, "the last six hours"],
];

/** Let each control set the paper, and show how it is set. */
export function wireControls(desk) {
  const shows = [
    scenarioControl(desk),
    diversityControl(desk),
    ageControl(desk),
    toggles(desk, "languages", shown(desk.overview.languages).map(languageChoice)),
    toggles(desk, "categories", shown(desk.overview.categories).map(sectionChoice)),
  ];
  const show = () => shows.forEach((each) => each(desk.edition));
  desk.addEventListener("reader", show);
  show();
}

/** Of a long list the largest: the rest is in the catalogue all the same. */
const shown = (counted) => counted.slice(0, MOST_SHOWN);

function scenarioControl(desk) {
  const select = byId("scenario");
  const [first, ...others] = desk.overview.scenarios;
  select.append(...[first, ...others].map((name) => element("option", { value: name }, name)));
  select.addEventListener("change", () =>
    desk.set({ scenario: select.value === first ? null : select.value }));
  desk.addEventListener("page", () => {
    byId("served").textContent = servedOtherwise(desk.page.answer, select.value);
  });
  return ({ scenario }) => {
    select.value = scenario ?? first;
    byId("unheeded").hidden = scenario !== "model";
  };
}

/** What an experiment made of the wish, if any did. */
function servedOtherwise({ scenario, experiment }, wished) {
  if (scenario === wished) return "";
  return `Set under “${scenario}”, for the experiment “${experiment?.experiment}”.`;
}

function diversityControl(desk) {
  const slider = byId("diversity");
  const reset = byId("diversity-reset");
  const said = byId("diversity-said");
  slider.addEventListener("input", () => {
    said.textContent = slider.value;
  });
  slider.addEventListener("change", () => desk.set({ diversity: Number(slider.value) }));
  reset.addEventListener("click", () => {
    slider.focus();
    desk.set({ diversity: null });
  });
  return ({ diversity }) => {
    if (diversity !== null) slider.value = String(diversity);
    said.textContent = diversity === null ? "as the scenario has it" : String(diversity);
    reset.hidden = diversity === null;
  };
}

function ageControl(desk) {
  const select = byId("age");
  select.append(...AGES.map(([hours, label]) => element("option", { value: hours ?? "" }, label)));
  select.addEventListener("change", () =>
    desk.set({ hours: select.value === "" ? null : Number(select.value) }));
  return ({ hours }) => {
    select.value = hours === null ? "" : String(hours);
  };
}

/** Buttons of which any number may be pressed; the first one, "all", lets go of the others. */
function toggles(desk, name, choices) {
  const all = element("button.choice", {
    type: "button", "data-test": `all-${name}`, onclick: () => desk.set({ [name]: [] }),
  }, "All");
  const buttons = choices.map(({ value, test, content }) =>
    element("button.choice", {
      type: "button",
      "data-test": test,
      "data-value": value,
      onclick: () => desk.set({ [name]: toggled(desk.edition[name], value) }),
    }, ...content));
  byId(name).replaceChildren(all, ...buttons);
  return (edition) => {
    const pressed = edition[name];
    all.setAttribute("aria-pressed", String(pressed.length === 0));
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(pressed.includes(button.dataset.value)));
    }
  };
}

const languageChoice = ({ language, articles }) => ({
  value: language,
  test: "language",
  content: [
    element("bdi", { ...written(language), title: inEnglish(language) }, inItself(language)),
    element("small", {}, ` ${articles}`),
  ],
});

const sectionChoice = ({ category }) => ({
  value: category,
  test: "category",
  content: [swatch(category), element("bdi", {}, category)],
});
