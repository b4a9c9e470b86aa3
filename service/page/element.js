// Elements made from text: whatever an article says, it is never read as markup.

/**
 * A new element. Strings among the children become text.
 *
 * @param {string} tag  `name` or `name.class.class`
 * @param {Record<string, unknown>} [attributes]  `on…` listens; null, undefined and false are left
 *   out; true is an attribute without a value
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return dressed(document.createElement(name), classes, attributes, children);
}

/** The same for a drawing. */
export function drawn(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  return dressed(node, classes, attributes, children);
}

/** The page's own elements, by id. */
export const byId = (id) => document.getElementById(id);

/** Words for those who listen, not seen. */
export const spoken = (text) => element("span.spoken", {}, text);

function dressed(node, classes, attributes, children) {
  if (classes.length) node.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
