// The reading lamp: the system's choice of light or dark, until the reader turns the switch.

import { byId } from "./element.js";
import { keep } from "./session.js";

const dusk = matchMedia("(prefers-color-scheme: dark)");

const isDark = () =>
  (document.documentElement.dataset.theme ?? (dusk.matches ? "dark" : "light")) === "dark";

/** Let the switch work. */
export function wireLamp() {
  const lamp = byId("lamp");
  const label = () => {
    lamp.textContent = isDark() ? "Day edition" : "Night edition";
  };
  lamp.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    keep("theme", theme);
    label();
  });
  dusk.addEventListener("change", label);
  label();
}
