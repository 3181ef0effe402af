// The pictures of the documents, taken from the running pages.
//
// Beside each picture, `pictures.json` has what the page looked like when it was taken: its parts, where they were, their
// colours. A check compares the page of today with that, and not pixels: numbers, times and fonts differ from run to run and
// from machine to machine, and a panel that moved is a fault on all of them.
//
//   REDMUX_WRITE_DOCS   optional: writes the pictures into `docs`

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = join(import.meta.dirname, "../..");
const RECORDS = join(import.meta.dirname, "pictures.json");

/** Pixels by which other fonts move a panel; one that another panel displaces moves further. */
const NEAR = 32;
/** Steps of 255 by which a colour may differ; those of two themes differ by more. */
const SAME = 10;

/** What a context of the browser needs, so that two runs see the same page. */
export const CONDITIONS = { deviceScaleFactor: 1, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC" };

/** The size of a picture, in pixels. */
export const WIDE = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 780 };

export const records = () => JSON.parse(readFileSync(RECORDS, "utf8"));
export const hashOf = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Reads the parts of a page; runs in the page. */
function partsOf() {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  /** The colour of the nearest surface that nothing shines through. */
  const surface = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha] = rgba(getComputedStyle(at).backgroundColor);
      if (alpha === 255) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const curve = (shape) => (shape.getAttribute("points") ?? shape.getAttribute("d") ?? "").length > 24;
  const filled = (element) =>
    element instanceof SVGElement ? [...element.querySelectorAll("polyline, polygon, path")].some(curve) : element.innerText.trim() !== "";
  const seen = new Map();
  const parts = {};
  // Surfaces keep their place whatever font there is; words do not.
  const SURFACES = "header, .card, .output, .rows, svg[role=img]";
  for (const element of document.querySelectorAll(`${SURFACES}, h1, h2, [role=tab], .tabs, .primary, .orders button, thead th, dt, .state`)) {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    if (!element.checkVisibility() || right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) continue;
    const isSurface = element.matches(SURFACES);
    const label = isSurface ? element.id || element.dataset.testid || (element.getAttribute("class") ?? "").split(" ").at(-1) : element.innerText.trim();
    const kind = `${element.localName} ${element.matches(".state") ? "state" : label}`.trim();
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    const part = { paper: surface(element), ink: rgba(getComputedStyle(element).color).slice(0, 3) };
    if (isSurface) Object.assign(part, { at: [left, top, right, bottom].map(Math.round), filled: filled(element) });
    parts[count === 1 ? kind : `${kind} (${count})`] = part;
  }
  return parts;
}

/** How the page looks now: its size and its parts. */
export async function look(page) {
  await page.evaluate(() => document.fonts.ready);
  return { size: page.viewportSize(), parts: await page.evaluate(partsOf) };
}

const differs = (one, other) => one.some((value, at) => Math.abs(value - other[at]) > SAME);

/** In which ways a page no longer looks as recorded; numbers and words of the data are no part of that. */
export function faults(recorded, seen) {
  const found = [];
  const { width, height } = recorded.size;
  if (width !== seen.size.width || height !== seen.size.height) found.push(`the size is ${seen.size.width}x${seen.size.height}, not ${width}x${height}`);
  for (const name of Object.keys(seen.parts)) if (!Object.hasOwn(recorded.parts, name)) found.push(`"${name}" is new`);
  for (const [name, was] of Object.entries(recorded.parts)) {
    const is = Object.hasOwn(seen.parts, name) ? seen.parts[name] : undefined;
    if (is === undefined) {
      found.push(`"${name}" is gone`);
      continue;
    }
    if (was.at?.some((edge, at) => Math.abs(edge - is.at[at]) > NEAR)) found.push(`"${name}" is at ${is.at.join(" ")}, not ${was.at.join(" ")}`);
    if (differs(was.paper, is.paper)) found.push(`"${name}" is on rgb(${is.paper}), not rgb(${was.paper})`);
    else if (differs(was.ink, is.ink)) found.push(`"${name}" is written in rgb(${is.ink}), not rgb(${was.ink})`);
    if (was.filled && !is.filled) found.push(`"${name}" is empty`);
  }
  return found;
}

/** One part a line, so that a change of the page is a small change of the file. */
function text(all) {
  const parts = (record) => Object.entries(record.parts).map(([name, part]) => `      ${JSON.stringify(name)}: ${JSON.stringify(part)}`);
  const one = ([name, record]) =>
    `  ${JSON.stringify(name)}: {\n    "size": ${JSON.stringify(record.size)},\n    "sha256": "${record.sha256}",\n    "parts": {\n${parts(record).join(",\n")}\n    }\n  }`;
  return `{\n${Object.entries(all).sort().map(one).join(",\n")}\n}\n`;
}

/** How the page looks when it is as recorded, or has not changed for a while: replies may be on their way. */
async function settled(page, recorded) {
  let seen = await look(page);
  for (let again = 0; again < 20; again++) {
    if (recorded !== undefined && faults(recorded, seen).length === 0) return seen;
    await new Promise((resolve) => setTimeout(resolve, 250));
    const before = seen;
    seen = await look(page);
    if (recorded === undefined && again > 1 && faults(before, seen).length === 0) return seen;
  }
  return seen;
}

/**
 * Takes a picture into `target/pictures`, and fails if that in `docs` shows another page.
 *
 * `command` is the task that runs the check, for the message.
 */
export async function picture(page, name, command) {
  const recorded = process.env.REDMUX_WRITE_DOCS ? undefined : records()[name];
  const seen = await settled(page, recorded);
  const folder = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "pictures");
  mkdirSync(folder, { recursive: true });
  const [taken, shown] = [join(folder, `${name}.png`), join(root, "docs", `${name}.png`)];
  await page.screenshot({ path: taken, animations: "disabled", caret: "hide" });
  if (process.env.REDMUX_WRITE_DOCS) {
    copyFileSync(taken, shown);
    writeFileSync(RECORDS, text({ ...records(), [name]: { ...seen, sha256: hashOf(shown) } }));
    return;
  }
  const found = recorded === undefined ? ["there is no such picture yet"] : faults(recorded, seen);
  if (recorded !== undefined && recorded.sha256 !== hashOf(shown)) found.push("it was not taken by this check");
  if (found.length > 0) {
    const what = found.slice(0, 6).join(", ") + (found.length > 6 ? `, and ${found.length - 6} more` : "");
    throw new Error(`docs/${name}.png does not show the page any longer: ${what}. The page of today is in ${relative(root, taken)}; \`REDMUX_WRITE_DOCS=1 ${command}\` writes it into docs`);
  }
}
