// Why a story is here, in a sentence.

import { element } from "./element.js";
import { written } from "./languages.js";

const BROUGHT = {
  personal: "To your taste",
  session: "Close to what you have just read",
  trending: "Read by many now",
  fresh: "Just in",
  explore: "Few have seen this yet: a place left to chance",
};
const percent = new Intl.NumberFormat("en", { style: "percent" });

/**
 * The click that speaks loudest for an item, and its share among all that speak for it (of clicks
 * that speak against it there is no share).
 *
 * @param {import("./service.js").Reason | null} reason
 * @returns {{articleId: string, share: number} | null}
 */
function loudest(reason) {
  const [first] = (reason?.clicks ?? []).toSorted((a, b) => b.contribution - a.contribution);
  if (!first || first.contribution <= 0) return null;
  return { articleId: first.article_id, share: shareOf(reason, first.article_id) };
}

/** The share of one article's clicks among all that speak for an item, 0 to 1. */
export function shareOf(reason, articleId) {
  let ofIt = 0;
  let ofAll = 0;
  for (const { article_id, contribution } of reason?.clicks ?? []) {
    if (contribution <= 0) continue;
    ofAll += contribution;
    if (article_id === articleId) ofIt += contribution;
  }
  return ofAll > 0 ? ofIt / ofAll : 0;
}

/**
 * The line under a story. `titles` knows what the reader has read.
 *
 * @param {import("./service.js").Item} item
 * @param {Map<string, import("./service.js").Article>} titles
 */
export function reasonLine(item, titles) {
  const click = item.source === "personal" ? loudest(item.reason) : null;
  const read = click && titles.get(click.articleId);
  const line = element("p.reason", { "data-test": "reason", "data-source": item.source });
  line.append(...(read ? becauseOf(read, click.share) : [`${BROUGHT[item.source] ?? item.source}.`]));
  return line;
}

const becauseOf = (read, share) => [
  "Because you read “",
  element("cite", written(read.language), read.title),
  "” ",
  element("span.share", { title: "its share among the clicks that speak for this story" },
    percent.format(share)),
];
