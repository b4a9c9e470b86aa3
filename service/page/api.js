// The service over HTTP. What goes wrong comes as one of two errors:
//
//   Refused        it answered, with a problem (RFC 9457)
//   Unreachable    it did not answer
//
// Where a key is asked for, so is the reader, once for all calls that wait; then they go on.

import { keyAsked } from "./key_dialog.js";
import { recall } from "./session.js";

/** The service says no. */
export class Refused extends Error {
  /** @param {number} status @param {any} problem @param {number | null} retryAfter  seconds */
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? `the service answered ${status}`);
    Object.assign(this, { status, problem, retryAfter });
  }
}

/** No answer at all. */
export class Unreachable extends Error {}

/**
 * The answer's JSON, or null where there is none. Raises Refused, Unreachable, and what an abort
 * raises.
 *
 * @param {string} method
 * @param {string} path  without a leading slash, so that the page works under any prefix
 * @param {{body?: unknown, signal?: AbortSignal}} [options]
 */
export async function call(method, path, { body, signal } = {}) {
  for (;;) {
    const key = recall("key");
    const answer = await answered(method, path, key, body, signal);
    if (answer.ok) return answer.status === 204 ? null : await answer.json();
    if (answer.status !== 401) throw await refusal(answer);
    if (!(await keyAsked(key))) throw await refusal(answer);
  }
}

/** `call` with GET. */
export const get = (path, signal) => call("GET", path, { signal });

/** `call` with POST. */
export const post = (path, body, signal) => call("POST", path, { body, signal });

async function answered(method, path, key, body, signal) {
  const headers = { Accept: "application/json" };
  if (key !== null) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, signal, body: JSON.stringify(body) });
  } catch (error) {
    if (error instanceof TypeError) throw new Unreachable(error.message);
    throw error;
  }
}

async function refusal(answer) {
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  const problem = isJson ? await answer.json() : {};
  const wait = Number.parseInt(answer.headers.get("retry-after") ?? "", 10);
  return new Refused(answer.status, problem, Number.isNaN(wait) ? null : wait);
}
