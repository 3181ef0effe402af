// A chart of samples, with the same data as a text.

import { make } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** `samples` are `[time, value]` in order of time; gaps are where a value is no number. */
export function plot(title, samples, format) {
  const finite = samples.filter(([, value]) => Number.isFinite(value));
  const values = finite.map(([, value]) => value);
  const [low, high] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [first, last] = [samples[0]?.[0] ?? 0, samples.at(-1)?.[0] ?? 0];
  const x = (time) => (last === first ? 500 : ((time - first) / (last - first)) * 1000).toFixed(1);
  const y = (value) => (high === low ? 50 : 98 - ((value - low) / (high - low)) * 96).toFixed(1);
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const text = values.length === 0 ? `${title}: no values` : `${title}: ${values.length} values from ${format(low)} to ${format(high)}, the last one ${format(values.at(-1))}`;
  svg.setAttribute("aria-label", text);
  for (const run of runs(samples)) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("class", "line");
    const points = run.map(([time, value]) => `${x(time)},${y(value)}`);
    // One sample alone is a short line.
    if (points.length === 1) points.push(`${Number(x(run[0][0])) + 4},${y(run[0][1])}`);
    line.setAttribute("points", points.join(" "));
    svg.append(line);
  }
  const scale = values.length === 0 ? "" : `${format(low)} to ${format(high)}`;
  return make("figure.plot", { data: { color: "1", testid: "series-plot" } }, make("p.scale", { "aria-hidden": "true" }, make("span", {}, title), make("b", {}, scale)), svg);
}

/** Samples without gaps between them. */
function runs(samples) {
  const found = [];
  let run = null;
  for (const sample of samples) {
    if (!Number.isFinite(sample[1])) run = null;
    else if (run) run.push(sample);
    else found.push((run = [sample]));
  }
  return found;
}
