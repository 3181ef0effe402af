// Light or dark: follows the system until the user chooses.

import { byId } from "./dom.js";

const KEPT = "redmux-console-theme";
const NAMES = { auto: "System", light: "Light", dark: "Dark" };

export function startTheme() {
  const control = byId("theme");
  let theme = "auto";
  try {
    theme = localStorage.getItem(KEPT) ?? "auto";
  } catch {
    // Then the choice holds for this page only.
  }
  const show = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    control.dataset.theme = theme;
    control.setAttribute("aria-label", `Theme: ${NAMES[theme]}`);
    control.title = `Theme: ${NAMES[theme]}`;
  };
  control.addEventListener("click", () => {
    const names = Object.keys(NAMES);
    theme = names[(names.indexOf(theme) + 1) % names.length];
    try {
      localStorage.setItem(KEPT, theme);
    } catch {
      // Storage may be forbidden.
    }
    show();
  });
  if (!(theme in NAMES)) theme = "auto";
  show();
}
