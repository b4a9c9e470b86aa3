// One story on the page: headline, opening lines, byline, its reason, and what can be done with it.

import { element, spoken } from "./element.js";
import { age, inFull } from "./hours.js";
import { inEnglish, written } from "./languages.js";
import { reasonLine } from "./reasons.js";
import { scoreDisclosure } from "./score.js";
import { kicker } from "./sections.js";

const ENGLISH = { lang: "en", dir: "ltr" };

/**
 * @param {import("./service.js").Story} story
 * @param {{titles: Map<string, any>, moved: string | null, desk: import("./desk.js").Desk}} about
 *   `moved`: what became of its place since the last page, in a word
 */
export function storyCard(story, { titles, moved, desk }) {
  const { article } = story;
  const direction = article.language ? {} : { dir: "auto" };
  return element("article.story", {
    ...written(article.language),
    "data-test": "story",
    "data-article-id": story.article_id,
    "data-rank": story.rank,
  },
  element("p.overline", {}, kicker(article.category), languageBadge(article.language), mark(moved)),
  element("h3", {}, element("button.headline", {
    ...direction,
    type: "button",
    "data-test": "headline",
    onclick: () => desk.open(story),
  }, article.title)),
  article.abstract ? element("p.abstract", direction, article.abstract) : null,
  byline(article),
  element("div.foot", ENGLISH,
    reasonLine(story, titles),
    element("div.deeds", {}, scoreDisclosure(story, titles), ...deeds(story, desk))));
}

/** Source, author and age. */
export function byline({ source, author, published_at }) {
  return element("p.byline", {},
    ...(source ? [element("bdi.source", {}, source), " · "] : []),
    ...(author ? [element("bdi.author", {}, author), " · "] : []),
    element("time", { ...ENGLISH, datetime: published_at, title: inFull(published_at) },
      age(published_at)));
}

/** Two letters, and the language's name for those who listen. */
export function languageBadge(language) {
  if (!language) return null;
  return element("span.language", { ...ENGLISH, title: inEnglish(language) },
    element("span", { "aria-hidden": "true" }, language.split("-")[0]),
    spoken(inEnglish(language)));
}

const mark = (moved) =>
  moved && element("span.moved", { ...ENGLISH, "data-test": "moved" }, moved);

function deeds(story, desk) {
  const { title, language } = story.article;
  const deed = (kind, label) =>
    element("button.deed", { type: "button", "data-test": kind, onclick: () => desk.judge(story, kind) },
      label, element("span.spoken", written(language), ` ${title}`));
  return [deed("hide", "Hide"), deed("dislike", "Less like this")];
}
