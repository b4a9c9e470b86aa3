// Side by side: the same reader under two settings, and what differs.

import { differences, inCommon } from "./differences.js";
import { request } from "./edition.js";
import { byId, element } from "./element.js";
import { languageBadge } from "./story.js";
import { written } from "./languages.js";
import { showTrouble } from "./notices.js";
import { reasonLine } from "./reasons.js";
import { kicker } from "./sections.js";
import * as service from "./service.js";

const STORIES = 10;
const DIVERSITIES = [null, 0, 0.25, 0.5, 0.75, 1];

/** Two columns, each with its setting. Returns what draws them. */
export function wireCompare(desk) {
  const { scenarios } = desk.overview;
  const other = scenarios.includes("model") ? "model" : (scenarios[1] ?? scenarios[0]);
  const sides = [side("left", scenarios, scenarios[0]), side("right", scenarios, other)];
  let asked = new AbortController();
  const draw = async () => {
    asked.abort();
    asked = new AbortController();
    await drawn(desk, sides, asked.signal, draw);
  };
  for (const { scenario, diversity } of sides) {
    scenario.addEventListener("change", draw);
    diversity.addEventListener("change", draw);
  }
  byId("compare").replaceChildren(...sides.map((each) => each.column));
  return draw;
}

function side(name, scenarios, chosen) {
  const scenario = element("select", { "data-test": `compare-scenario-${name}` },
    ...scenarios.map((each) => element("option", { value: each, selected: each === chosen }, each)));
  const diversity = element("select", { "data-test": `compare-diversity-${name}` },
    ...DIVERSITIES.map((each) =>
      element("option", { value: each ?? "" }, each === null ? "the scenario’s" : String(each))));
  const list = element("ol", { "data-test": `compare-list-${name}` });
  const title = element("h3", {}, name === "left" ? "On the left" : "On the right");
  const column = element("section", {}, title,
    element("div.settings", {},
      element("label", {}, "Scenario ", scenario),
      element("label", {}, "Diversity ", diversity)),
    list);
  return { scenario, diversity, list, column };
}

async function drawn(desk, sides, signal, again) {
  try {
    const lists = await Promise.all(sides.map((each) => listed(desk, each, signal)));
    const titles = await desk.titles();
    if (signal.aborted) return;
    const [marksLeft, marksRight] = differences(...lists);
    sides[0].list.replaceChildren(...lists[0].map((story) => entry(story, marksLeft, titles, desk)));
    sides[1].list.replaceChildren(...lists[1].map((story) => entry(story, marksRight, titles, desk)));
    byId("compare-said").textContent = inCommon(...lists);
  } catch (error) {
    if (error.name !== "AbortError") showTrouble(error, again);
  }
}

async function listed(desk, { scenario, diversity }, signal) {
  const edition = {
    ...desk.edition,
    scenario: scenario.value,
    diversity: diversity.value === "" ? null : Number(diversity.value),
  };
  const answer = await service.recommend(request(edition, desk.reader, STORIES), signal);
  return service.stories(answer);
}

function entry(story, marks, titles, desk) {
  const { article } = story;
  const mark = marks.get(story.article_id);
  return element(`li.${mark.kind}`, {
    ...written(article.language),
    "data-test": "compare-story",
    "data-article-id": story.article_id,
    "data-difference": mark.kind,
  },
  element("p.overline", {}, kicker(article.category), languageBadge(article.language),
    element("span.moved", { lang: "en", dir: "ltr" }, mark.words)),
  element("button.headline", { type: "button", onclick: () => desk.open(story) }, article.title),
  element("div.foot", { lang: "en", dir: "ltr" }, reasonLine(story, titles)));
}
