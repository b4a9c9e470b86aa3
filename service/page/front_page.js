// The front page: a lead with two below it, two beside them, and the rest in columns. Wherever
// it is read, the order of the list is the order of reading, by eye and by ear.

import { byId, element } from "./element.js";
import { inWords } from "./moves.js";
import { shareOf } from "./reasons.js";
import { storyCard } from "./story.js";

const BELOW_THE_LEAD = 2;
const BESIDE_THE_LEAD = 2;
const COLUMNS = 3;
const ROOM_FOR_ALL_ELSE = 120;
const SHAPED = 0.2;

/** Draw each page that comes. */
export function wireFrontPage(desk) {
  const host = byId("stories");
  desk.addEventListener("setting", () => host.setAttribute("aria-busy", "true"));
  desk.addEventListener("trouble", () => host.setAttribute("aria-busy", "false"));
  desk.addEventListener("page", () => {
    host.setAttribute("aria-busy", "false");
    keepingFocus(host, () => host.replaceChildren(...laidOut(desk)));
    byId("news").textContent = inWords(desk.page.moves, desk.page.stories);
  });
}

/** Mark the stories that one click shapes; null marks none. Returns how many. */
export function markShaped(desk, articleId) {
  for (const card of byId("stories").querySelectorAll(".story")) {
    const story = desk.page.stories.find((each) => each.article_id === card.dataset.articleId);
    const share = articleId === null ? 0 : shareOf(story?.reason, articleId);
    card.classList.toggle("shaped", share >= SHAPED);
  }
  return byId("stories").querySelectorAll(".shaped").length;
}

function laidOut(desk) {
  const { stories, titles, moves, answer } = desk.page;
  if (stories.length === 0) return [nothing(answer)];
  const cards = stories.map((story) =>
    storyCard(story, { titles, moved: moves.marks.get(story.article_id) ?? null, desk }));
  cards[0].classList.add("lead");
  const below = cards.splice(1, BELOW_THE_LEAD);
  const beside = cards.splice(1, BESIDE_THE_LEAD);
  const [lead, ...rest] = cards;
  return [
    element("div.top", {},
      element("div.opening", {}, lead, element("div.below", {}, ...below)),
      element("div.beside", {}, ...beside)),
    element("div.columns", {}, ...inColumns(rest)),
    answer.next_cursor ? moreButton(desk) : null,
  ].filter(Boolean);
}

/** Column after column, about equally long. */
function inColumns(cards) {
  const columns = Array.from({ length: COLUMNS }, () => element("div.column"));
  const whole = cards.reduce((sum, card) => sum + length(card), 0);
  let set = 0;
  for (const card of cards) {
    const middle = set + length(card) / 2;
    columns[Math.min(COLUMNS - 1, Math.floor((COLUMNS * middle) / whole))].append(card);
    set += length(card);
  }
  return columns;
}

/** How much of a column a card takes, in characters of text: headlines are set larger. */
const length = (card) =>
  ROOM_FOR_ALL_ELSE + card.textContent.length + card.querySelector(".headline").textContent.length;

const moreButton = (desk) =>
  element("button.more", { type: "button", "data-test": "more", onclick: () => desk.more() }, "More stories");

const nothing = (answer) =>
  element("p.nothing", { "data-test": "empty" },
    answer.empty_because ?? "There is nothing to read under these settings.");

/** Draw anew; who was at a story stays there, or comes to the one that took its place. */
function keepingFocus(host, draw) {
  const at = host.contains(document.activeElement) ? document.activeElement : null;
  const cards = () => [...host.querySelectorAll(".story")];
  const place = cards().findIndex((card) => card.contains(at));
  const articleId = cards()[place]?.dataset.articleId;
  const { test } = at?.dataset ?? {};
  const before = cards().length;
  draw();
  if (test === "more") cards()[before]?.querySelector(".headline").focus();
  if (at === null || place < 0) return;
  const same = cards().find((card) => card.dataset.articleId === articleId);
  const next = cards()[Math.min(place, cards().length - 1)];
  const seat = same?.querySelector(`[data-test="${test}"]`) ?? next?.querySelector(".headline");
  (seat ?? host).focus();
}
