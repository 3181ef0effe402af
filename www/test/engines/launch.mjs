// The browsers that the checks run in, each with the part of Playwright's interface that the checks use.
//
//   CHROMIUM                                    path of the browser
//   FIREFOX                                     path of the browser
//   WEBKIT_DRIVER, WEBKIT_BROWSER, XVFB         paths of WebKitWebDriver, MiniBrowser and Xvfb

import { chromium } from "playwright-core";

import { environment } from "../checks.mjs";
import { launchFirefox } from "./firefox.mjs";
import { launchWebKit } from "./webkit.mjs";

const QUIET = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** `chromium`, `firefox` and `webkit`. */
export const ENGINES = {
  chromium: () => chromium.launch({ executablePath: environment("CHROMIUM").CHROMIUM, args: QUIET }),
  firefox: () => launchFirefox(environment("FIREFOX").FIREFOX),
  webkit: () => {
    const { WEBKIT_DRIVER, WEBKIT_BROWSER, XVFB } = environment("WEBKIT_DRIVER", "WEBKIT_BROWSER", "XVFB");
    return launchWebKit({ driver: WEBKIT_DRIVER, browser: WEBKIT_BROWSER, xvfb: XVFB });
  },
};
