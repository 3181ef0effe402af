// Round-trip times: a ring of samples, their statistics and a small chart.

const SAMPLES = 120;
const SVG = "http://www.w3.org/2000/svg";

export class RoundTrips {
  #svg;
  /** Milliseconds; `null` is a PING without a reply. */
  #samples = [];
  lost = 0;
  /** Milliseconds at the upper edge of the chart. */
  top = 1;

  constructor(svg) {
    this.#svg = svg;
    svg.setAttribute("viewBox", `0 0 ${SAMPLES - 1} 100`);
    this.#draw();
  }

  add(milliseconds) {
    this.#samples.push(milliseconds);
    if (milliseconds === null) this.lost += 1;
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#draw();
  }

  /** Of the samples on the chart; `null` before the first. */
  statistics() {
    const sorted = this.#samples.filter((sample) => sample !== null).sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const rank = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    return { min: sorted[0], median: rank(0.5), p99: rank(0.99) };
  }

  #draw() {
    const answered = this.#samples.filter((sample) => sample !== null);
    const top = ceiling(answered);
    const offset = SAMPLES - this.#samples.length;
    const y = (sample) => (100 - Math.min(sample / top, 1) * 99).toFixed(2);
    const parts = [25, 50, 75].map((level) => shape("line", "grid", { x1: 0, x2: SAMPLES - 1, y1: level, y2: level }));
    for (const run of runs(this.#samples)) {
      const points = run.map(([i, sample]) => `${i + offset},${y(sample)}`);
      const [first, last] = [run[0][0] + offset, run.at(-1)[0] + offset];
      parts.push(shape("polygon", "area", { points: `${first},100 ${points.join(" ")} ${last},100` }));
      parts.push(shape("polyline", "line", { points: points.join(" ") }));
    }
    this.#samples.forEach((sample, i) => {
      if (sample === null) parts.push(shape("line", "lost", { x1: i + offset, x2: i + offset, y1: 0, y2: 100 }));
    });
    this.#svg.replaceChildren(...parts);
    this.top = top;
  }
}

/** A round number that ignores a rare slow sample, which would flatten all others. */
function ceiling(samples) {
  if (samples.length === 0) return 1;
  const sorted = [...samples].sort((a, b) => a - b);
  const usual = sorted[Math.floor(0.9 * (sorted.length - 1))];
  const most = Math.min(sorted.at(-1), usual * 2) * 1.15;
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 3, 5, 10].map((factor) => factor * unit).find((step) => step >= most);
}

/** Runs of answered samples, each with its position. */
function runs(samples) {
  const runs = [];
  let run = null;
  samples.forEach((sample, i) => {
    if (sample === null) {
      run = null;
      return;
    }
    if (!run) runs.push((run = []));
    run.push([i, sample]);
  });
  return runs;
}

function shape(name, className, attributes) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("class", className);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
