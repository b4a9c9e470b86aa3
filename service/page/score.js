// The score of a story, on demand: the parts that sum to it, and the clicks that sum to its
// relevance.

import { element } from "./element.js";
import { written } from "./languages.js";

const CLICKS = {
  terms: "Its relevance is the sum of what each click gives:",
  leave_one_out: "The model is no sum over clicks. Without the click, its relevance would lose:",
};
const PARTS = {
  relevance: "relevance, the model’s own",
  freshness: "for being new",
  popularity: "for being read by many",
  dislikes: "for being like what you turned away",
  impressions: "for having been passed over",
  languages: "for its language",
  interests: "for your interests",
  boosts: "boosts",
};

/** "0.120"; the minus is a real one. */
const plain = (value) => value.toFixed(3).replace("-", "−");

/** "+0.120" */
const signed = (value) => (value < 0 ? "" : "+") + plain(value);

/** @param {import("./service.js").Story} story @param {Map<string, any>} titles */
export function scoreDisclosure(story, titles) {
  const details = element("details.score", { "data-test": "score" },
    element("summary", {}, "Score ", element("b", {}, plain(story.score))));
  // Twenty stories have some hundreds of rows: they are made when somebody looks.
  details.addEventListener("toggle", () => details.append(...account(story, titles)), { once: true });
  return details;
}

function account({ score, relevance, source, reason }, titles) {
  const clicks = (reason?.clicks ?? []).toSorted((a, b) => b.contribution - a.contribution);
  const parts = Object.entries(reason?.parts ?? {}).map(([name, value]) =>
    row("score-part", name, PARTS[name] ?? name, value));
  const told = [
    element("p", {}, "Brought by the generator ", element("b", { "data-test": "source" }, source), "."),
    sum("Score", parts, score),
  ];
  if (clicks.length) {
    const rows = clicks.map(({ article_id, contribution }) =>
      row("score-click", article_id, title(article_id, titles), contribution));
    told.push(element("p", {}, CLICKS[reason.explanation]),
      sum(reason.explanation === "terms" ? "Relevance" : null, rows, relevance));
  }
  return told;
}

const sum = (name, rows, total) =>
  element("table", {},
    element("tbody", {}, ...rows),
    name && element("tfoot", {}, row("score-sum", name, name, total, plain)));

const row = (test, name, label, value, figure = signed) =>
  element("tr", { "data-test": test, "data-name": name, "data-value": value },
    element("th", { scope: "row" }, label),
    element("td", {}, figure(value)));

function title(articleId, titles) {
  const read = titles.get(articleId);
  return read ? element("span", written(read.language), read.title) : articleId;
}
