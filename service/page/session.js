// What is kept, and for how long: until this tab is closed.

const PREFIX = "newsstand.";

/** @returns {any} what was kept under the name, or null */
export function recall(name) {
  const kept = sessionStorage.getItem(PREFIX + name);
  return kept === null ? null : JSON.parse(kept);
}

/** Keep it. Null forgets. */
export function keep(name, value) {
  if (value === null) sessionStorage.removeItem(PREFIX + name);
  else sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
}

/** A name that nobody else has. (`crypto.randomUUID` is missing on plain http.) */
export function freshName(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return prefix + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
