// The drawings of the page: commands by server, and the map of slots.

import { mark, SAMPLES } from "./model.js";

/** @import { Model } from "./model.js" */

const SVG = "http://www.w3.org/2000/svg";
const SLOTS = 16384;
/** Per cent of the width below which a letter does not fit. */
const NARROW = 2;
/** Samples that a label covers, and rows of labels. */
const WIDE = 24;
const ROWS = 5;

/** Draws areas on top of each other, a line and a label for each act. Returns the upper edge.
 * @param {SVGElement} svg
 * @param {HTMLElement} labels
 * @param {Model} model */
export function drawLoad(svg, labels, model) {
  const { samples } = model;
  svg.setAttribute("viewBox", `0 0 ${SAMPLES - 1} 100`);
  const sums = samples.map(({ rates }) => rates.reduce((sum, rate) => sum + rate, 0));
  const top = ceiling(Math.max(1, ...sums));
  const x = (/** @type {number} */ place) => place + SAMPLES - samples.length;
  const y = (/** @type {number} */ value) => (100 - (Math.min(value, top) / top) * 100).toFixed(2);
  const parts = [25, 50, 75].map((level) => shape("line", "grid", { x1: 0, x2: SAMPLES - 1, y1: level, y2: level }));
  let below = samples.map(() => 0);
  model.servers.forEach((_, server) => {
    const above = samples.map(({ rates }, place) => (below[place] ?? 0) + (rates[server] ?? 0));
    const upper = above.map((value, place) => `${x(place)},${y(value)}`);
    const lower = below.map((value, place) => `${x(place)},${y(value)}`).reverse();
    parts.push(shape("polygon", "area", { points: [...upper, ...lower].join(" "), "data-server": server }));
    below = above;
  });
  const first = samples[0]?.at ?? Infinity;
  const shown = model.entries.flatMap((entry) => {
    const text = mark(entry);
    const place = samples.findIndex(({ at }) => at >= entry.at);
    return text === null || place < 0 || entry.at < first ? [] : [{ text, tone: entry.tone, x: x(place) }];
  });
  for (const { x } of shown) parts.push(shape("line", "mark", { x1: x, x2: x, y1: 0, y2: 100 }));
  svg.replaceChildren(...parts);
  /** Where the last label of each row is. @type {number[]} */
  const rows = [];
  labels.replaceChildren(...shown.map(({ text, tone, x }) => {
    const free = rows.findIndex((last) => x - last > WIDE);
    const row = free >= 0 ? free : rows.length % ROWS;
    rows[row] = x;
    const label = document.createElement("span");
    label.textContent = text;
    label.dataset.tone = tone;
    label.style.left = `${Math.min(96, Math.max(4, (x / (SAMPLES - 1)) * 100))}%`;
    label.style.top = `${row * 1.25}rem`;
    return label;
  }));
  return top;
}

/** Draws who serves which slots.
 * @param {HTMLElement} track
 * @param {Model} model */
export function drawSlots(track, model) {
  const { owners } = model;
  const key = JSON.stringify(owners);
  // Seldom something new: what is there keeps its tooltips.
  if (track.dataset.drawn === key) return;
  track.dataset.drawn = key;
  track.replaceChildren(...owners.map(({ first, last, place, name }) => {
    const part = document.createElement("span");
    const width = ((last - first + 1) / SLOTS) * 100;
    part.style.left = `${(first / SLOTS) * 100}%`;
    part.style.width = `${width}%`;
    part.dataset.server = String(place);
    part.title = `${name}: slots ${first} to ${last}`;
    if (width >= NARROW) part.textContent = name;
    return part;
  }));
  const counts = model.servers.filter(({ slotCount }) => slotCount > 0).map(({ name, slotCount }) => `${name} ${slotCount}`);
  track.setAttribute("aria-label", counts.length > 0 ? `Slots by server: ${counts.join(", ")}` : "No slots are known yet");
}

/** A round number above this one.
 * @param {number} most */
function ceiling(most) {
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((factor) => factor * unit).find((step) => step >= most * 1.05) ?? most * 1.2;
}

/** @param {string} name
 * @param {string} className
 * @param {Record<string, string | number>} attributes */
function shape(name, className, attributes) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("class", className);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
