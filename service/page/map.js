// The map of the news: what is alike lies close. The reader's path crosses it in the order of their
// clicks, and what is recommended to them is ringed.

import { Chart } from "./chart.js";
import { byId, element } from "./element.js";
import { written } from "./languages.js";
import { showTrouble } from "./notices.js";
import { clicks } from "./reader.js";
import { swatch } from "./sections.js";
import * as service from "./service.js";

const ARTICLES = 1000;
const MOST_SHOWN = 24;

/** A chart with a legend and a list. Returns what draws it for the page that stands. */
export function wireMap(desk) {
  const chart = new Chart(byId("chart"), byId("map-tip"), desk);
  wireLegend(desk.overview.categories, chart);
  new ResizeObserver(() => chart.draw()).observe(byId("chart"));
  let articles = [];
  const draw = async () => {
    if (desk.page === null) return;
    const path = clicks(desk.reader).map((act) => act.articleId);
    const ranks = new Map(desk.page.stories.map((story) => [story.article_id, story.rank]));
    try {
      articles = await withThese(articles, [...new Set([...path, ...ranks.keys()])]);
      chart.show(articles, path, ranks);
      byId("map-list").replaceChildren(...listed(articles, path, ranks));
    } catch (error) {
      showTrouble(error, draw);
    }
  };
  return draw;
}

/** The articles on the map, fetched again where one is wanted that is not among them. */
async function withThese(articles, wanted) {
  const known = new Set(articles.map((article) => article.article_id));
  if (known.size && wanted.every((articleId) => known.has(articleId))) return articles;
  return (await service.map(ARTICLES, wanted)).articles;
}

function listed(articles, path, ranks) {
  const known = new Map(articles.map((article) => [article.article_id, article]));
  const entry = ({ category, language, title }) =>
    element("li", {}, swatch(category), element("span", written(language), title));
  const list = (title, ids) =>
    element("section", {}, element("h3", {}, title),
      element("ol", {}, ...ids.map((id) => known.get(id)).filter(Boolean).map(entry)));
  return [list("Your path", path), list("On your page", [...ranks.keys()])];
}

/** Each section with its colour; pressed, it stands out. */
function wireLegend(categories, chart) {
  byId("legend").replaceChildren(...categories.slice(0, MOST_SHOWN).map(({ category, articles }) =>
    element("button.choice", {
      type: "button",
      "aria-pressed": "false",
      "data-test": "legend",
      "data-value": category,
      onclick: ({ currentTarget }) => press(currentTarget, chart),
    }, swatch(category), element("bdi", {}, category), element("small", {}, ` ${articles}`))));
}

function press(button, chart) {
  const isPressed = button.getAttribute("aria-pressed") === "true";
  for (const other of byId("legend").children) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(!isPressed));
  chart.standOut(isPressed ? null : button.dataset.value);
}
