// The one question that a guarded service asks: which key? It is kept until the tab is closed.

import { byId } from "./element.js";
import { keep, recall } from "./session.js";

/** @type {Promise<boolean> | null} */
let asking = null;

/**
 * Ask for a key in place of `former`. True once there is another to try; false if the reader gave
 * none. Who asks while the dialog is open waits for the same answer.
 *
 * @param {string | null} former
 * @param {boolean} [refused]  whether to say that the former one was not accepted
 */
export function keyAsked(former, refused = former !== null) {
  if (recall("key") !== former) return Promise.resolve(true); // another call has asked already
  asking ??= asked(refused).finally(() => {
    asking = null;
  });
  return asking;
}

/** Let the dialog work, and the button that opens it; `then` follows a key given so. */
export function wireKey(then) {
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    byId("key-dialog").close("given");
  });
  byId("key-none").addEventListener("click", () => byId("key-dialog").close("none"));
  byId("key").addEventListener("click", async () => {
    if (await keyAsked(recall("key"), false)) then();
  });
}

function asked(refused) {
  const dialog = byId("key-dialog");
  const field = byId("key-field");
  byId("key-refused").hidden = !refused;
  field.value = "";
  dialog.returnValue = "none";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const key = dialog.returnValue === "given" ? field.value.trim() : "";
      if (key) keep("key", key);
      resolve(key !== "");
    }, { once: true });
  });
}
