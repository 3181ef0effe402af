// A line chart in SVG, with the same data as a text and a table.

import { make } from "./dom.js";
import { ceiling } from "./lib/stats.js";

const SVG = "http://www.w3.org/2000/svg";
const ROWS = 10;

/**
 * `series` are `{ name, color }`, with `color` the number of a colour of the theme; `format` formats a
 * value; `top(values)` returns the upper edge.
 */
export class Chart {
  #samples = [];
  #series;
  #format;
  #top;
  #length;
  #svg = document.createElementNS(SVG, "svg");
  #scale = make("b");
  #values;
  #table = make("tbody");
  #described = -Infinity;
  element;

  constructor(title, series, { format, top = ceiling, length = 120, testid }) {
    this.#series = series;
    this.#format = format;
    this.#top = top;
    this.#length = length;
    this.#svg.setAttribute("viewBox", `0 0 ${length - 1} 100`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("role", "img");
    this.#svg.setAttribute("aria-label", `${title}: no data yet`);
    this.#values = series.map(({ name }) => make("dd", { data: { testid: `${testid}-${name.toLowerCase().replaceAll(/\W+/g, "-")}` } }, "–"));
    const legend = series.map(({ name, color }, at) => make("div", {}, make("dt", {}, make("i", { "aria-hidden": "true", data: { color } }), name), this.#values[at]));
    const heads = ["Time", ...series.map(({ name }) => name)].map((name) => make("th", { scope: "col" }, name));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), this.#table);
    this.element = make(
      "figure.card.chart",
      { data: { testid } },
      make("figcaption", {}, make("h2", {}, title)),
      make("dl.legend", {}, ...legend),
      make("div.plot", {}, make("p.scale", { "aria-hidden": "true" }, make("span", {}, "two minutes"), this.#scale), this.#svg),
      make("details", {}, make("summary", {}, "As a table"), make("div.table", { tabindex: "0", role: "region", "aria-label": `${title}, as a table` }, table)),
    );
    this.title = title;
    this.#draw();
  }

  /** `null` is a gap. */
  add(values, time) {
    this.#samples.push({ values, time });
    if (this.#samples.length > this.#length) this.#samples.shift();
    this.#draw();
  }

  #draw() {
    const all = this.#samples.flatMap(({ values }) => values.filter((value) => value !== null));
    const top = this.#top(all);
    const offset = this.#length - this.#samples.length;
    const y = (value) => (100 - Math.min(value / top, 1) * 98).toFixed(2);
    const parts = [25, 50, 75].map((level) => shape("line", "grid", { x1: 0, x2: this.#length - 1, y1: level, y2: level }));
    this.#series.forEach(({ color }, series) => {
      for (const run of runs(this.#samples.map(({ values }) => values[series]))) {
        const points = run.map(([at, value]) => `${at + offset},${y(value)}`);
        const [first, last] = [run[0][0] + offset, run.at(-1)[0] + offset];
        if (series === 0) parts.push(shape("polygon", "area", { points: `${first},100 ${points.join(" ")} ${last},100` }, color));
        parts.push(shape("polyline", "line", { points: points.join(" ") }, color));
      }
    });
    this.#svg.replaceChildren(...parts);
    this.#scale.textContent = this.#samples.length > 0 ? this.#format(top) : "";
    const last = this.#samples.at(-1);
    this.#values.forEach((element, at) => {
      const value = last?.values[at] ?? null;
      element.textContent = value === null ? "–" : this.#format(value);
    });
    this.#describe(last);
  }

  /** Updated rarely: screen readers announce each change. */
  #describe(last) {
    if (!last || last.time - this.#described < 5000) return;
    this.#described = last.time;
    const write = (value) => (value === null ? "none" : this.#format(value));
    const text = this.#series.map(({ name }, at) => {
      const values = this.#samples.map(({ values }) => values[at]).filter((value) => value !== null);
      if (values.length === 0) return `${name} none`;
      return `${name} ${write(last.values[at])}, from ${write(Math.min(...values))} to ${write(Math.max(...values))}`;
    });
    this.#svg.setAttribute("aria-label", `${this.title} over ${this.#samples.length} samples: ${text.join("; ")}`);
    const rows = this.#samples.slice(-ROWS).reverse().map(({ values, time }) =>
      make("tr", {}, make("td", {}, new Date(time).toLocaleTimeString("en-GB")), ...values.map((value) => make("td", {}, write(value)))),
    );
    this.#table.replaceChildren(...rows);
  }
}

/** Runs of values without gaps, each value with its index. */
function runs(values) {
  const runs = [];
  let run = null;
  values.forEach((value, at) => {
    if (value === null) run = null;
    else if (run) run.push([at, value]);
    else runs.push((run = [[at, value]]));
  });
  return runs;
}

function shape(name, className, attributes, color = null) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("class", className);
  if (color !== null) element.dataset.color = color;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
