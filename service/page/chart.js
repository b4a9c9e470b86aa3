// The chart: a point for each story, the reader's path over them, and rings around their page. One
// point at a time can be reached with Tab; from there the arrow keys walk.

import { drawn, element } from "./element.js";
import { inEnglish, written } from "./languages.js";
import { nearest, nextPoint, walks } from "./map_walk.js";
import { showTrouble } from "./notices.js";
import { hue, swatch } from "./sections.js";
import * as service from "./service.js";

const REACH = 24;
const MARGIN = 24;
const HALF_TIP = 120;

/**
 * @typedef {{article_id: string, title: string, category: string | null, language: string | null,
 *   x: number, y: number}} Placed
 */

export class Chart {
  constructor(svg, tip, desk) {
    [this.svg, this.tip, this.desk] = [svg, tip, desk];
    Object.assign(this, { articles: [], path: [], ranks: new Map(), section: null });
    /** @type {any[]} the articles where they are drawn, each with its `dot` */
    this.points = [];
    this.at = new Map();
    this.here = null;
    svg.addEventListener("pointermove", (event) => this.#hover(event));
    svg.addEventListener("pointerleave", () => this.#tell(null));
    svg.addEventListener("click", (event) => this.#open(this.#under(event)));
    svg.addEventListener("keydown", (event) => this.#walk(event));
    svg.addEventListener("focusin", ({ target }) => this.#tell(this.#pointOf(target)));
    svg.addEventListener("focusout", () => this.#tell(null));
  }

  /**
   * Draw these articles.
   *
   * @param {Placed[]} articles  `x` and `y` in -1…1
   * @param {string[]} path  what the reader clicked, the oldest first
   * @param {Map<string, number>} ranks  of what is recommended
   */
  show(articles, path, ranks) {
    Object.assign(this, { articles, path, ranks });
    this.draw();
  }

  /** Let one section stand out; null lets none. */
  standOut(section) {
    this.section = section;
    for (const { article, dot } of this.points) dot.classList.toggle("faint", this.#isFaint(article));
  }

  /** Draw them again, for the room that there is now. */
  draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (width === 0) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const along = (value, length) => MARGIN + ((value + 1) / 2) * (length - 2 * MARGIN);
    this.points = this.articles.map((article) => ({
      article, x: along(article.x, width), y: along(-article.y, height),
    }));
    this.at = new Map(this.points.map((point) => [point.article.article_id, point]));
    const way = this.path.map((articleId) => this.at.get(articleId)).filter(Boolean);
    const dots = this.points.map((point) => this.#dot(point));
    const rings = this.points.map((point) => this.#ring(point)).filter(Boolean);
    const legs = way.slice(1).map((to, place) => leg(way[place], to, (place + 2) / way.length));
    const hasFocus = this.svg.contains(document.activeElement);
    this.svg.replaceChildren(...legs, ...dots, ...rings, ...way.map(step));
    this.here = this.at.get(this.here?.article.article_id) ?? way.at(-1) ?? this.points[0] ?? null;
    this.here?.dot.setAttribute("tabindex", "0");
    if (hasFocus) this.here?.dot.focus();
  }

  #isFaint = ({ category }) => this.section !== null && category !== this.section;

  #dot(point) {
    const { article, x, y } = point;
    point.dot = drawn(`circle.dot.${hue(article.category)}`, {
      cx: x, cy: y, r: this.path.includes(article.article_id) ? 6 : 4,
      role: "button", tabindex: "-1",
      "aria-label": this.#inWords(article),
      "data-test": "map-point",
      "data-article-id": article.article_id,
    });
    point.dot.classList.toggle("faint", this.#isFaint(article));
    return point.dot;
  }

  #ring({ article, x, y }) {
    if (!this.ranks.has(article.article_id)) return null;
    return drawn("circle.ring", {
      cx: x, cy: y, r: 8,
      "data-test": "map-recommended",
      "data-article-id": article.article_id,
    });
  }

  #inWords(article) {
    const read = this.path.indexOf(article.article_id);
    const rank = this.ranks.get(article.article_id);
    return [
      article.title,
      article.category,
      article.language && inEnglish(article.language),
      read >= 0 ? `step ${read + 1} of your path` : null,
      rank ? `number ${rank} on your page` : null,
    ].filter(Boolean).join(", ");
  }

  #under(event) {
    const frame = this.svg.getBoundingClientRect();
    const place = { x: event.clientX - frame.left, y: event.clientY - frame.top };
    return nearest(this.points, place, REACH);
  }

  #pointOf = (dot) => this.at.get(dot.dataset.articleId) ?? null;

  #hover(event) {
    this.#tell(this.#under(event));
  }

  #walk(event) {
    if (event.key === "Escape") this.#tell(null);
    else if (event.key === "Enter" || event.key === " ") this.#open(this.here);
    else if (walks(event.key)) this.#stand(nextPoint(this.points, this.here, event.key));
    else return;
    event.preventDefault();
  }

  #stand(point) {
    this.here.dot.setAttribute("tabindex", "-1");
    this.here = point;
    point.dot.setAttribute("tabindex", "0");
    point.dot.focus();
  }

  async #open(point) {
    if (!point) return;
    try {
      const article = await service.article(point.article.article_id);
      if (article) this.desk.open({ article_id: article.article_id, article });
    } catch (error) {
      showTrouble(error, () => this.#open(point));
    }
  }

  #tell(point) {
    this.tip.hidden = point === null;
    this.svg.classList.toggle("near", point !== null);
    if (point === null) return;
    const { article, x, y } = point;
    const rank = this.ranks.get(article.article_id);
    this.tip.replaceChildren(
      element("span.overline", {}, swatch(article.category), article.category ?? "news",
        rank ? ` · No. ${rank} on your page` : ""),
      element("b", written(article.language), article.title));
    const within = Math.min(Math.max(x, HALF_TIP), this.svg.clientWidth - HALF_TIP);
    this.tip.style.setProperty("--x", `${within}px`);
    this.tip.style.setProperty("--y", `${y}px`);
  }
}

/** From one click to the next: the longer ago, the fainter. */
const leg = (from, to, recency) =>
  drawn("line.path", {
    x1: from.x, y1: from.y, x2: to.x, y2: to.y,
    opacity: 0.15 + 0.85 * recency ** 2,
    "data-test": "map-path",
  });

const step = ({ x, y }, place) =>
  drawn("text.step", { x: x + 9, y: y - 7, "aria-hidden": "true" }, String(place + 1));
