// What the house has to say: that something went wrong, or that the page is not what it could be.

import { Refused, Unreachable } from "./api.js";
import { byId, element } from "./element.js";

const DEGRADED = {
  no_reader: "Nobody in particular reads: these stories are the most read, then the newest.",
  unknown_reader: "We have not met yet: these stories are the most read, then the newest. "
    + "Open one, and the page begins to be yours.",
  empty_history: "Nothing that you read can be scored: these stories are the most read, then the newest.",
  state_unavailable: "The house’s memory does not answer just now. The page is not personal, "
    + "and may repeat what you have read.",
  state_lost: "The house has lost its memory, and somebody has to look into it. "
    + "The page is not personal for now.",
};
const FORGOTTEN = "Forgotten: nothing is stored of that reader any more. You are someone new.";
const LEFT_BEHIND = "You are someone new. What was stored of the former reader stays until it expires: "
  + "this key may not erase readers (scope “admin”).";
const DOES = { read: "reads the news", write: "records what you read", admin: "manages readers" };

/** Tell of troubles until all is well again, and of what a page lacks. */
export function wireNotices(desk) {
  desk.addEventListener("trouble", ({ detail }) => showTrouble(detail.error, detail.again));
  desk.addEventListener("well", clearTrouble);
  desk.addEventListener("page", () => showDegraded(desk.page.answer.degraded));
  desk.addEventListener("forgotten", ({ detail: erased }) => say(erased ? FORGOTTEN : LEFT_BEHIND));
  addEventListener("online", () => document.querySelector(".trouble button")?.click());
}

/** Say what went wrong, with a button that tries again: also to who has the reading pane open. */
export function showTrouble(error, again) {
  for (const host of troubles()) host.replaceChildren(trouble(error, again));
}

const troubles = () => document.querySelectorAll(".trouble");

function trouble(error, again) {
  const retry = element("button", { type: "button", "data-test": "retry", onclick: () => {
    clearTrouble();
    again();
  } }, "Try again");
  return element("p", { "data-test": "trouble" }, inWords(error), " ", retry);
}

/** Something in passing. */
export function say(text) {
  byId("said").textContent = text;
}

function clearTrouble() {
  for (const host of troubles()) host.replaceChildren();
}

function showDegraded(reasons) {
  byId("degraded").replaceChildren(...reasons.map((reason) =>
    element("p", { "data-test": "degraded", "data-reason": reason }, DEGRADED[reason] ?? reason)));
}

function inWords(error) {
  if (error instanceof Unreachable) {
    return "The newsstand cannot be reached. As soon as you are on line again, so are we.";
  }
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) return "This newsstand asks for a key.";
  if (error.status === 403) return lacking(error);
  if (error.status === 429) return `That was a little fast for this key. ${soon(error)}`;
  if (error.status === 503) return `The house is busy, or its memory is away. ${soon(error)}`;
  return `That did not work: ${error.message}.`;
}

function lacking(error) {
  const scope = /scope (\w+)/.exec(error.message)?.[1];
  if (!scope) return `The key does not open this: ${error.message}.`;
  return `This key lacks the scope “${scope}”, the one that ${DOES[scope] ?? "this needs"}.`;
}

const soon = ({ retryAfter }) =>
  retryAfter === null ? "Try again in a moment." : `Try again in ${retryAfter} s.`;
