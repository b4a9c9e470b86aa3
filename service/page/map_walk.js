// Finding one's way among points on a map.

/** @typedef {{x: number, y: number}} Point */

const FORWARDS = {
  ArrowRight: (dx) => dx,
  ArrowLeft: (dx) => -dx,
  ArrowDown: (_, dy) => dy,
  ArrowUp: (_, dy) => -dy,
};

/** Whether the key is one that walks. */
export const walks = (key) => key in FORWARDS;

/**
 * The next point in an arrow key's direction: what lies ahead counts once, what lies aside twice.
 *
 * @template {Point} P
 * @param {P[]} points @param {P} from @param {string} key
 * @returns {P} `from` where nothing lies ahead
 */
export function nextPoint(points, from, key) {
  const forward = FORWARDS[key];
  let best = from;
  let least = Infinity;
  for (const point of points) {
    const [dx, dy] = [point.x - from.x, point.y - from.y];
    const ahead = forward(dx, dy);
    if (ahead <= 0) continue;
    const aside = Math.abs(dx) + Math.abs(dy) - ahead;
    if (aside > 2 * ahead || ahead + 2 * aside >= least) continue;
    [best, least] = [point, ahead + 2 * aside];
  }
  return best;
}

/**
 * The point nearest to a place, if any is within reach.
 *
 * @template {Point} P
 * @param {P[]} points @param {Point} place @param {number} reach
 * @returns {P | null}
 */
export function nearest(points, place, reach) {
  let best = null;
  let least = reach;
  for (const point of points) {
    const distance = Math.hypot(point.x - place.x, point.y - place.y);
    if (distance <= least) [best, least] = [point, distance];
  }
  return best;
}
