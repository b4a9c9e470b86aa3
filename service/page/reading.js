// The reading pane: one story, and quiet around it.

import { Refused, Unreachable } from "./api.js";
import { byId, element } from "./element.js";
import { inFull } from "./hours.js";
import { inEnglish, written } from "./languages.js";
import { kicker } from "./sections.js";
import * as service from "./service.js";
import { byline, languageBadge } from "./story.js";

const ALIKE = 4;

/** Open what the desk opens. */
export function wireReading(desk) {
  const pane = byId("reading");
  byId("reading-close").addEventListener("click", () => pane.close());
  pane.addEventListener("click", (event) => event.target === pane && pane.close());
  let opener = null;
  pane.addEventListener("close", () => comeBack(opener));
  desk.addEventListener("open", ({ detail: article }) => {
    if (!pane.open) opener = document.activeElement;
    byId("reading-story").replaceChildren(...told(article, desk));
    if (!pane.open) pane.showModal();
    pane.scrollTop = 0;
    byId("reading-title").focus();
    showAlike(article, desk);
  });
}

/** Where the reader came from may be drawn anew by now; a story that was read has left the list. */
function comeBack(opener) {
  if (opener.isConnected && opener !== document.body) return; // the browser sees to it
  const { test, articleId } = opener.dataset;
  const same = articleId && document.querySelector(`[data-test="${test}"][data-article-id="${articleId}"]`);
  (same || document.querySelector("main > section:not([hidden]) > h2")).focus();
}

function told(article, desk) {
  return [
    element("article", { ...written(article.language), "data-test": "reading-article" },
      element("p.overline", {}, kicker(article.category), languageBadge(article.language)),
      element("h2", { id: "reading-title", tabindex: "-1", dir: article.language ? null : "auto" },
        article.title),
      byline(article),
      picture(article),
      ...paragraphs(article.abstract, "standfirst"),
      ...paragraphs(article.body, "text")),
    verdict(article, desk),
    facts(article),
    original(article.url),
    element("section", { id: "alike", "aria-labelledby": "alike-title", hidden: true }),
  ].filter(Boolean);
}

const paragraphs = (text, name) =>
  (text ?? "").split(/\n+/).filter((line) => line.trim())
    .map((line) => element(`p.${name}`, { dir: "auto" }, line));

/** Only by https, and nobody is told who looks at it. */
function picture({ image_url: url }) {
  if (!url?.startsWith("https://")) return null;
  const image = element("img", { alt: "", src: url, referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.remove());
  return image;
}

function verdict(article, desk) {
  const said = element("span", { role: "status" });
  const button = (label, kind, answer) =>
    element("button", {
      type: "button",
      "data-test": `reading-${kind}`,
      onclick: async () => {
        if (await desk.judge({ article_id: article.article_id }, kind)) said.textContent = answer;
      },
    }, label);
  return element("p.verdict", {},
    button("Well told", "like", "Noted."),
    button("Less like this", "dislike", "Noted: its like will stand lower."),
    said);
}

function facts(article) {
  const known = [
    ["Published", inFull(article.published_at)],
    ["Source", article.source],
    ["Author", article.author],
    ["Section", [article.category, article.subcategory].filter(Boolean).join(" · ")],
    ["Language", article.language && inEnglish(article.language)],
    ["Id", article.article_id],
  ].filter(([, value]) => value);
  return element("dl.facts", {}, ...known.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, element("bdi", {}, value)))));
}

function original(url) {
  if (!/^https?:\/\//i.test(url ?? "")) return null;
  return element("p", {}, element("a.original", {
    href: url, rel: "noopener noreferrer", target: "_blank", "data-test": "original",
  }, "Open the original", element("span.spoken", {}, " (in a new tab)")));
}

/** Who cannot be told what is near has the story all the same. */
function noneNear(error) {
  if (error instanceof Refused || error instanceof Unreachable) return [];
  throw error;
}

/** What is near it, once it is known; the story is there to be read meanwhile. */
async function showAlike(article, desk) {
  const section = byId("alike");
  const articles = await service.similar(article.article_id, ALIKE).catch(noneNear);
  if (!section.isConnected || articles.length === 0) return;
  section.append(element("h3", { id: "alike-title" }, "Close to this story"),
    element("ul", {}, ...articles.map((near) => element("li", written(near.language),
      kicker(near.category),
      element("button.headline", {
        type: "button",
        "data-test": "alike",
        onclick: () => desk.open({ article_id: near.article_id, article: near }),
      }, near.title)))));
  section.hidden = false;
}
