// What the reader has done, and how much each click has to do with the page that stands.

import { byId, element } from "./element.js";
import { markShaped } from "./front_page.js";
import { written } from "./languages.js";

const DONE = { click: "read", like: "liked", dislike: "turned down", hide: "hidden" };
const percent = new Intl.NumberFormat("en", { style: "percent" });

/** Draw it with each page. */
export function wireHistory(desk) {
  desk.addEventListener("page", () => {
    const shares = sharesOf(desk.page.stories);
    const acts = [...desk.reader.acts].reverse();
    byId("no-history").hidden = acts.length > 0;
    byId("history").replaceChildren(...acts.map((act) => entry(act, shares, desk)));
  });
}

/** @returns {Map<string, number>} each clicked article's share of all that speaks for the page */
function sharesOf(stories) {
  const given = new Map();
  let all = 0;
  for (const { reason } of stories) {
    for (const { article_id, contribution } of reason?.clicks ?? []) {
      if (contribution <= 0) continue;
      given.set(article_id, (given.get(article_id) ?? 0) + contribution);
      all += contribution;
    }
  }
  return new Map([...given].map(([articleId, sum]) => [articleId, sum / all]));
}

function entry({ articleId, kind }, shares, desk) {
  const article = desk.page.titles.get(articleId);
  const title = element("span.title", written(article?.language), article?.title ?? articleId);
  const item = element("li", {
    "data-test": "history-entry",
    "data-article-id": articleId,
    "data-kind": kind,
  });
  if (kind !== "click") item.append(element("span.kind", {}, DONE[kind]), " ", title);
  else item.append(shaping(title, articleId, shares.get(articleId) ?? 0, desk));
  return item;
}

function shaping(title, articleId, share, desk) {
  const bar = element("span.bar", { "aria-hidden": "true" });
  bar.style.setProperty("--share", String(share));
  return element("button", {
    type: "button",
    "aria-pressed": "false",
    title: "Show the stories that it shapes",
    onclick: ({ currentTarget }) => press(currentTarget, articleId, desk),
  }, title, bar, element("small", {}, `${percent.format(share)} of this page`));
}

function press(button, articleId, desk) {
  const isPressed = button.getAttribute("aria-pressed") === "true";
  for (const other of byId("history").querySelectorAll("button")) {
    other.setAttribute("aria-pressed", "false");
  }
  button.setAttribute("aria-pressed", String(!isPressed));
  const shaped = markShaped(desk, isPressed ? null : articleId);
  if (!isPressed) byId("news").textContent = `It shapes ${shaped} of your stories; they are marked.`;
}
