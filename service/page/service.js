// What the page asks of the service and tells it, in the words of docs/api.md.

import { call, get, post, Refused } from "./api.js";
import { freshName } from "./session.js";

/**
 * @typedef {{article_id: string, title: string, abstract?: string, body?: string,
 *   category?: string, subcategory?: string, language?: string, source?: string, author?: string,
 *   url?: string, image_url?: string, published_at: string}} Article
 * @typedef {{clicks: {article_id: string, contribution: number}[],
 *   explanation: "terms" | "leave_one_out", parts: Record<string, number>}} Reason
 * @typedef {{article_id: string, rank: number, score: number, relevance: number | null,
 *   source: string, reason: Reason}} Item
 * @typedef {{recommendation_id: string, model: string, scenario: string, degraded: string[],
 *   items: Item[], empty_because: string | null, next_cursor: string | null}} Recommendation
 * @typedef {Item & {article: Article, recommendation_id: string}} Story
 */

/** @type {Map<string, Promise<Article | null>>} */
const archive = new Map();
const MINUTE = 60_000;
const MOST_NAMED = 8_000;
const MOST_AT_ONCE = 100;

/** @type {{ids: string[], found: Promise<Map<string, Article>>} | null} a request being put together */
let gathering = null;

export const overview = () => get("v1/overview");

export const personas = () => get("page/personas.json");

/** @returns {Promise<Recommendation>} */
export const recommend = (request, signal) => post("v1/recommend", request, signal);

/** The catalogue in two dimensions; the named articles are on it in any case, if they are live. */
export function map(limit, articleIds) {
  let include = articleIds.join(",");
  if (include.length > MOST_NAMED) include = include.slice(0, include.lastIndexOf(",", MOST_NAMED));
  return get(`v1/map?${new URLSearchParams({ limit: String(limit), include })}`);
}

/**
 * What is asked for until the script at work yields travels in one request.
 *
 * @returns {Promise<Article | null>} null where it has been withdrawn
 */
export function article(articleId) {
  if (!archive.has(articleId)) {
    const reading = read(articleId);
    archive.set(articleId, reading);
    reading.catch(() => archive.delete(articleId));
  }
  return archive.get(articleId);
}

/** @returns {Promise<Story[]>} the list with its articles, less those withdrawn meanwhile */
export async function stories({ items, recommendation_id }) {
  const articles = await Promise.all(items.map((item) => article(item.article_id)));
  return items
    .map((item, place) => ({ ...item, recommendation_id, article: articles[place] }))
    .filter((story) => story.article !== null);
}

/** @returns {Promise<Article[]>} the nearest to an article */
export async function similar(articleId, limit) {
  const answer = await get(`v1/articles/${encodeURIComponent(articleId)}/similar?limit=${limit}`);
  const articles = await Promise.all(answer.items.map((item) => article(item.article_id)));
  return articles.filter((found) => found !== null);
}

/** Record one act; `recommendationId` names the list, if any, that the reader saw it in. */
export function record(reader, act, recommendationId, eventId) {
  const event = { ...told(reader, act), event_id: eventId, recommendation_id: recommendationId };
  return post("v1/events", [event]);
}

/**
 * Record clicks, the oldest first, as if made a minute apart.
 *
 * @returns {Promise<string[]>} the articles of those that counted
 */
export async function recordClicks(reader, articleIds) {
  const last = Date.now() - MINUTE;
  const events = articleIds.map((articleId, place) => ({
    ...told(reader, { articleId, kind: "click" }),
    event_id: freshName("e-"),
    timestamp: new Date(last - (articleIds.length - 1 - place) * MINUTE).toISOString(),
  }));
  const answer = await post("v1/events", events);
  return articleIds.filter((_, place) => answer.results[place].status !== "rejected");
}

/** Erase the reader. False where the key may not. */
export async function erase(reader) {
  try {
    await call("DELETE", `v1/users/${encodeURIComponent(reader.id)}`);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 403) return false;
    throw error;
  }
}

const told = (reader, act) => ({
  user_id: reader.id,
  article_id: act.articleId,
  type: act.kind,
});

async function read(articleId) {
  if (gathering === null || full(gathering.ids, articleId)) gathering = begun();
  gathering.ids.push(articleId);
  return (await gathering.found).get(articleId) ?? null;
}

const full = (ids, next) =>
  ids.length === MOST_AT_ONCE || named([...ids, next]).length > MOST_NAMED;

const named = (ids) => new URLSearchParams(ids.map((id) => ["article_ids", id])).toString();

/** A request that leaves as soon as the script at work yields. */
function begun() {
  const ids = [];
  const found = Promise.resolve().then(async () => {
    if (gathering?.ids === ids) gathering = null;
    const { articles } = await get(`v1/articles?${named(ids)}`);
    return new Map(articles.map((article) => [article.article_id, article]));
  });
  return { ids, found };
}
