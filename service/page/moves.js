// What became of each story's place, from one page to the next.

/**
 * @typedef {{marks: Map<string, string>, came: number, went: number, told: boolean}} Moves
 *   `told`: whether there was a page before
 */

/**
 * @param {{article_id: string, rank: number}[] | null} before
 * @param {{article_id: string, rank: number}[]} now
 * @returns {Moves}
 */
export function moves(before, now) {
  if (before === null) return { marks: new Map(), came: 0, went: 0, told: false };
  const former = new Map(before.map((story) => [story.article_id, story.rank]));
  const marks = new Map();
  let came = 0;
  for (const { article_id, rank } of now) {
    if (!former.has(article_id)) came += 1;
    const mark = moved(former.get(article_id), rank);
    if (mark) marks.set(article_id, mark);
    former.delete(article_id);
  }
  return { marks, came, went: former.size, told: true };
}

function moved(from, to) {
  if (from === undefined) return "new";
  if (from === to) return null;
  return from > to ? `up ${from - to}` : `down ${to - from}`;
}

/** What a page's moves come to, for those who listen. */
export function inWords({ came, went, told }, stories) {
  const lead = stories.length ? ` It leads with: ${stories[0].article.title}` : "";
  if (!told) return `Your page is set: ${counted(stories.length, "story", "stories")}.${lead}`;
  if (came === 0 && went === 0) return `Your page is set anew, with the same stories.${lead}`;
  return `Your page is set anew: ${came} came, ${went} went.${lead}`;
}

const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;
