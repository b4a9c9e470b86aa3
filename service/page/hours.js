// Times as a newspaper tells them.

const STEPS = [
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
  ["week", 52],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "full" });

/** "3 hours ago" */
export function age(moment) {
  let passed = (Date.now() - Date.parse(moment)) / 60_000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(passed) < size) return relative.format(-Math.round(passed), unit);
    passed /= size;
  }
  return relative.format(-Math.round(passed), "year");
}

/** "Sunday, 22 November 2026 at 14:05" */
export const inFull = (moment) => whole.format(new Date(moment));

/** Today, as a dateline has it. */
export const dateline = () => day.format(new Date());

/** @returns {string} RFC 3339, so many hours ago */
export const hoursAgo = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();
