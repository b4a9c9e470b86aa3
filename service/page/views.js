// Three pages of one paper: the front page, side by side, the map. The address says which is open.

import { byId } from "./element.js";

const VIEWS = ["front-page", "side-by-side", "map"];

/** Show the page that the address names; `opened` hears of each. */
export function wireViews(opened) {
  const show = (focus) => {
    const named = location.hash.slice(1);
    const view = VIEWS.includes(named) ? named : VIEWS[0];
    if (named && named !== view) return; // a way to a place on this page
    for (const each of VIEWS) {
      byId(each).hidden = each !== view;
      const link = document.querySelector(`.views a[href="#${each}"]`);
      if (each === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (focus) byId(`${view}-title`).focus();
    opened(view);
  };
  addEventListener("hashchange", () => show(true));
  show(false);
}
