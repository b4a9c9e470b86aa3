// The desk: who reads, how the paper is set, and the page that came of it. What a reader does goes
// to the service first and shows in the next page at once; the views listen and draw.
//
//   reader     someone else reads, or they did something, or the paper is set otherwise
//   setting    a page is asked for
//   page       a page has come
//   open       a story is to be read
//   trouble    something went wrong; the detail has the error and what would repeat it

import { keepEdition, lastEdition, request } from "./edition.js";
import { moves } from "./moves.js";
import * as readers from "./reader.js";
import * as service from "./service.js";
import { freshName } from "./session.js";

const STORIES_A_PAGE = 20;
const NEXT_ONES = 20;

/**
 * @typedef {{of: string, asked: object, answer: import("./service.js").Recommendation,
 *   stories: import("./service.js").Story[], moves: import("./moves.js").Moves,
 *   titles: Map<string, import("./service.js").Article>}} Page
 *   `of`: the reader's id; `titles`: the articles that they did something with
 */
export class Desk extends EventTarget {
  /** @param {any} overview @param {any[]} personas */
  constructor(overview, personas) {
    super();
    this.overview = overview;
    this.personas = personas;
    this.reader = readers.returning();
    this.edition = lastEdition();
    /** @type {Page | null} */
    this.page = null;
    this.setting = new AbortController();
  }

  /** Set the page anew. Of several that are asked for, the last one counts. */
  async refresh() {
    this.setting.abort();
    const { signal } = (this.setting = new AbortController());
    this.#tell("setting");
    await this.#attempt(async () => {
      const before = this.page?.of === this.reader.id ? this.page.stories : null;
      const limit = Math.max(STORIES_A_PAGE, before?.length ?? 0); // a page stays as long as it was
      const asked = request(this.edition, this.reader, limit);
      const answer = await service.recommend(asked, signal);
      const [stories, titles] = await Promise.all([service.stories(answer), this.titles()]);
      if (signal.aborted) return;
      this.page = { of: this.reader.id, asked, answer, stories, titles, moves: moves(before, stories) };
      this.#tell("page");
    }, () => this.refresh());
  }

  /** The next stories, after those of this page. */
  async more() {
    const { page } = this;
    await this.#attempt(async () => {
      const cursor = page.answer.next_cursor;
      const answer = await service.recommend({ ...page.asked, limit: NEXT_ONES, cursor });
      const found = await service.stories(answer);
      if (this.page !== page) return;
      const last = page.stories.at(-1).rank;
      const next = found.map((story) => ({ ...story, rank: last + story.rank }));
      this.page = { ...page, answer, stories: [...page.stories, ...next], moves: moves(null, []) };
      this.#tell("page");
    }, () => this.more());
  }

  /** Read a story, from whatever list: it is a click, and counts in the next page. */
  open(story) {
    this.#tell("open", story.article);
    return this.judge(story, "click");
  }

  /**
   * Record what the reader did with a story. `hide` and `dislike` keep it away, and what is like it
   * lower. True once it counts.
   */
  judge(story, kind) {
    const act = { articleId: story.article_id, kind };
    return this.#act(act, story.recommendation_id, freshName("e-"));
  }

  /** Read as a persona: as this tab left it, else as a fresh reader who made the same clicks. */
  async readAs(persona) {
    const known = readers.returningAs(persona.name);
    if (known) return this.#become(known);
    await this.#attempt(async () => {
      const fresh = readers.newcomer(persona.name);
      const counted = await service.recordClicks(fresh, persona.clicks);
      const acts = counted.map((articleId) => ({ articleId, kind: "click" }));
      await this.#become({ ...fresh, acts });
    }, () => this.readAs(persona));
  }

  /** Read as someone of whom nothing is known. */
  startCold() {
    return this.#become(readers.newcomer());
  }

  /** Forget the reader, here and, where the key may, in the service. */
  async forget() {
    await this.#attempt(async () => {
      const erased = this.reader.acts.length === 0 || (await service.erase(this.reader));
      readers.forget(this.reader);
      this.#tell("forgotten", erased);
      await this.startCold();
    }, () => this.forget());
  }

  /** Set the paper otherwise. */
  set(wishes) {
    this.edition = { ...this.edition, ...wishes };
    keepEdition(this.edition);
    this.#tell("reader");
    return this.refresh();
  }

  /** The articles that the reader did something with, by id. */
  async titles() {
    const ids = [...new Set(this.reader.acts.map((act) => act.articleId))];
    const articles = await Promise.all(ids.map((articleId) => service.article(articleId)));
    return new Map(ids.map((id, place) => [id, articles[place]]).filter(([, found]) => found));
  }

  /** Repeated under the same `eventId`, it counts once, however often it arrived. */
  #act(act, recommendationId, eventId) {
    const { reader } = this;
    return this.#attempt(async () => {
      await service.record(reader, act, recommendationId, eventId);
      if (this.reader.id !== reader.id) return;
      this.reader = readers.after(this.reader, act);
      readers.remember(this.reader);
      this.#tell("reader");
      await this.refresh();
    }, () => this.#act(act, recommendationId, eventId));
  }

  async #become(reader) {
    this.reader = reader;
    readers.remember(reader);
    this.#tell("reader");
    await this.refresh();
  }

  async #attempt(deed, again) {
    try {
      await deed();
      this.#tell("well");
      return true;
    } catch (error) {
      if (error.name !== "AbortError") this.#tell("trouble", { error, again });
      return false;
    }
  }

  #tell(what, detail = null) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}
