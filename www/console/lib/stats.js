// Statistics of samples, and the scale of a chart.

import { Ring } from "./ring.js";

/** The value that this share of all values does not exceed; `null` without values. */
export function percentile(values, share) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** A round number a little above the greatest value. */
export function ceiling(values) {
  return stepAbove(values, (most) => 10 ** Math.floor(Math.log10(most)), [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12]);
}

/** Like `ceiling`, in powers of two: for sizes. */
export function binaryCeiling(values) {
  return stepAbove(values, (most) => 2 ** Math.floor(Math.log2(most)), [1, 1.25, 1.5, 2, 2.5]);
}

function stepAbove(values, unitOf, factors) {
  const most = values.reduce((max, value) => (Number.isFinite(value) && value > max ? value : max), 0);
  if (most <= 0) return 1;
  const unit = unitOf(most);
  return factors.map((factor) => factor * unit).find((step) => step >= most * 1.1);
}

/** Events per second over the last seconds. */
export class Rate {
  #seconds;
  #marks;

  constructor(seconds = 5) {
    this.#seconds = seconds;
    this.#marks = new Ring(seconds * 10);
  }

  /** `now` in milliseconds, never less than before. */
  add(number, now) {
    const slot = Math.floor(now / 100);
    const last = this.#marks.length > 0 ? this.#marks.at(-1) : null;
    if (last?.slot === slot) last.number += number;
    else this.#marks.push({ slot, number });
  }

  at(now) {
    const from = Math.floor(now / 100) - this.#seconds * 10;
    let sum = 0;
    for (const { slot, number } of this.#marks) if (slot > from) sum += number;
    return sum / this.#seconds;
  }
}

/** The difference to the last call, per second; `null` the first time and after a restart of the counter. */
export class Derivative {
  #last = null;

  next(value, now) {
    const last = this.#last;
    this.#last = { value, now };
    if (last === null || value < last.value || now <= last.now) return null;
    return ((value - last.value) * 1000) / (now - last.now);
  }
}
