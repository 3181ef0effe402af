// Accessibility, hostile data, narrow screens, the keyboard.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { check, step } from "../checks.mjs";
import { equal } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PANELS = ["keys", "search", "cli", "pubsub", "metrics", "slowlog", "server", "events"];

/** Loads axe into the page, through the debugger, which the page's policy does not bind. */
export function withAxe(tab) {
  return tab.page.evaluate(AXE);
}

/** Rules of WCAG 2 A and AA, and best practices. */
export async function axe(tab, what) {
  const found = await tab.page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, any, all }) => `${target} (${[...any, ...all][0]?.message ?? ""})`).join("; ")}`);
  });
  check(found.length === 0, `${what}: ${found.join(" | ")}`);
}

export async function checkFormLook(tab) {
  await step("the connection form is accessible, with its error, in light and dark", async () => {
    await tab.load();
    await withAxe(tab);
    for (const colorScheme of ["light", "dark"]) {
      await tab.page.emulateMedia({ colorScheme });
      await tab.get("how-token").check();
      await axe(tab, `${colorScheme}, token`);
      await tab.get("how-password").check();
      await tab.get("connect-username").fill("reader");
      await tab.get("connect-password").fill("");
      await tab.get("connect").click();
      await tab.sees("connect-error-text", "A user name needs a password.");
      await axe(tab, `${colorScheme}, error`);
    }
    await tab.page.emulateMedia({ colorScheme: "light" });
  });
}

export async function checkLook(tab) {
  await withAxe(tab);

  for (const scheme of ["light", "dark"]) {
    await step(`accessible to WCAG 2 AA by axe, every panel, ${scheme}`, async () => {
      await tab.page.emulateMedia({ colorScheme: scheme });
      for (const name of PANELS) {
        await tab.tab(name);
        await tab.until("the panel", () => tab.page.locator(`#${name}-panel`).isVisible(), Boolean);
        await new Promise((resolve) => setTimeout(resolve, 250));
        await axe(tab, name);
      }
      for (const key of ["h", "s:json", "z", "x"]) {
        await tab.open(key);
        await axe(tab, key);
      }
      await tab.get("key-rename").click();
      await axe(tab, "dialog");
      await tab.page.keyboard.press("Escape");
    });
  }

  await step("the switch goes from system to light to dark, and stays", async () => {
    await tab.page.emulateMedia({ colorScheme: "light" });
    const paper = () => tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await tab.get("theme").click();
    await tab.get("theme").click();
    equal(await tab.get("theme").getAttribute("aria-label"), "Theme: Dark", "label");
    const dark = await paper();
    check(dark !== light, "dark looks as light does");
    await tab.page.emulateMedia({ colorScheme: "dark" });
    await tab.get("theme").click();
    equal(await paper(), dark, "the system's dark");
    await tab.page.emulateMedia({ colorScheme: "light" });
  });

  await step("tabs, shortcuts and dialogs by keyboard alone", async () => {
    await tab.tab("keys");
    await tab.get("tab-keys").focus();
    await tab.page.keyboard.press("ArrowRight");
    equal(await tab.page.evaluate(() => document.activeElement.id), "tab-search", "ArrowRight");
    await tab.page.keyboard.press("End");
    equal(await tab.page.evaluate(() => document.activeElement.id), "tab-events", "End");
    await tab.page.keyboard.press("ArrowRight");
    equal(await tab.page.evaluate(() => document.activeElement.id), "tab-keys", "around");
    equal(await tab.page.locator('[role="tab"][tabindex="0"]').count(), 1, "tab stops in the tabs");
    await tab.page.keyboard.press("?");
    await tab.until("the shortcuts", () => tab.get("dialog").count(), (count) => count === 1);
    await tab.page.keyboard.press("Escape");
    await tab.until("closed", () => tab.get("dialog").count(), (count) => count === 0);
    equal(await tab.page.evaluate(() => document.activeElement.id), "tab-keys", "focus after the dialog");
    await tab.page.keyboard.press("g");
    await tab.page.keyboard.press("s");
    equal(await tab.page.evaluate(() => document.activeElement.id), "tab-server", "g s");
    await tab.page.keyboard.press("/");
    equal(await tab.page.evaluate(() => document.activeElement.id), "info-search", "/");
    await tab.get("tab-server").focus();
    await tab.page.keyboard.press(":");
    equal(await tab.page.evaluate(() => document.activeElement.id), "cli-input", ":");
  });

  await step("no keyboard trap: Tab goes through every panel and out of it, focus is seen", async () => {
    for (const name of PANELS) {
      await tab.tab(name);
      if (name === "cli") await tab.get("cli-input").fill("");
      await tab.get(`tab-${name}`).focus();
      const seen = new Set();
      let left = false;
      for (let presses = 0; presses < 150 && !left; presses++) {
        await tab.page.keyboard.press("Tab");
        const at = await tab.page.evaluate((panel) => {
          const element = document.activeElement;
          const { outlineStyle, outlineWidth } = getComputedStyle(element);
          const beside = element.type === "radio" ? getComputedStyle(element.nextElementSibling) : null;
          const shown = (outlineStyle !== "none" && outlineWidth !== "0px") || (beside !== null && beside.outlineStyle !== "none");
          const label = `${element.tagName}#${element.id}.${element.className} ${element.getAttribute("aria-label") ?? element.textContent.slice(0, 20)}`;
          return { inside: element.closest(`#${panel}-panel`) !== null, label, shown };
        }, name);
        left = !at.inside;
        if (at.inside) check(at.shown, `${name}: focus is not seen on ${at.label}`);
        seen.add(at.label);
      }
      check(left, `${name}: Tab does not leave it; last: ${[...seen].slice(-3).join(", ")}`);
      check(seen.size > 1, `${name}: nothing in it takes the focus`);
    }
  });
}

export async function checkHostile(tab, redis) {
  await step("hostile keys, values, fields, messages and names are text", async () => {
    const bad = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>";
    const bidi = "invoice\u202Efdp.exe";
    await redis("SET", bad, bad);
    await redis("HSET", "hostile:hash", bad, bad);
    await redis("ZADD", "hostile:zset", 1, bad);
    await redis("SADD", "hostile:set", bad);
    await redis("RPUSH", "hostile:list", bad);
    await redis("XADD", "hostile:stream", "*", bad, bad);
    await redis("SET", `hostile:${bidi}`, "x");
    await tab.open(bad);
    equal(await tab.text("string-value"), bad, "value");
    for (const kind of ["hash", "zset", "set", "list", "stream"]) {
      await tab.open(`hostile:${kind}`);
      await tab.untilRows(kind, (rows) => rows.length === 1 && rows[0].some((cell) => cell.includes(bad)));
    }
    await tab.open("hostile:hash");
    await tab.get("row-delete").click();
    await tab.page.keyboard.press("Escape");
    await tab.get("keys-pattern").fill("hostile:inv");
    await tab.get("keys-search").click();
    await tab.until("the turned name escaped", () => tab.page.locator("#keys-list .row .name").allTextContents(), (seen) => seen.join() === String.raw`"hostile:invoice\xe2\x80\xaefdp.exe"`);
    await tab.get("keys-pattern").fill("<img*");
    await tab.get("keys-search").click();
    await tab.get("keys-tree").check();
    await tab.get("keys-tree").uncheck();
    await tab.tab("cli");
    equal((await tab.run(`GET '${bad}'`)).reply, `"${bad}"`, "reply");
    await tab.run(bad);
    await tab.tab("pubsub");
    await redis("PUBLISH", "check:news", bad);
    await tab.until("the message", () => tab.get("message").locator(".payload").allTextContents(), (seen) => seen[0] === bad);
    const pwned = await tab.page.evaluate(() => [window.pwned, document.querySelectorAll("main img, main script").length]);
    equal(JSON.stringify(pwned), "[null,0]", "what ran, and what became an element");
  });
}

export async function checkNarrow(tab) {
  await step("on a phone nothing is wider than the screen", async () => {
    await tab.page.setViewportSize({ width: 360, height: 740 });
    // Tables and tabs scroll by themselves; the page and its panels do not.
    const wide = () =>
      tab.page.evaluate(() => {
        const boxes = [document.documentElement, document.body, ...document.querySelectorAll(".panel:not([hidden]), .panel:not([hidden]) .card, .top")];
        const found = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0);
        return found.map((box) => `${box.tagName}.${box.className} ${box.scrollWidth} > ${box.clientWidth}`).join("; ");
      });
    for (const name of PANELS) {
      await tab.tab(name);
      await new Promise((resolve) => setTimeout(resolve, 200));
      equal(await wide(), "", name);
    }
    for (const key of ["h", "s:json", "l", "z", "x", "hostile:list"]) {
      await tab.open(key);
      equal(await wide(), "", key);
    }
    await tab.page.locator(".back").first().click();
    check(await tab.get("keys-list").isVisible(), "no way back to the list");
    await tab.page.setViewportSize({ width: 1280, height: 820 });
  });
}
