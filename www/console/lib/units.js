// Numbers with units, in short form.

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.5 KiB` */
export function size(bytes) {
  let value = Number(bytes);
  if (!Number.isFinite(value)) return "–";
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit]}`;
}

/** `12,345` */
export function count(value) {
  return Number(value).toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** `1 key`, `2 keys` */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${Number(value) === 1 ? one : many}`;
}

/** `950`, `12.3k`, `4.5M` */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= unit) return `${trim(value / unit)}${letter}`;
  }
  return trim(value);
}

function trim(value) {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toFixed(1)));
}

/** Milliseconds: `0.42 ms`, `12.3 ms`, `1.50 s` */
export function duration(milliseconds) {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return "–";
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0)} ms`;
}

/** Microseconds, as in the slow log. */
export function microseconds(value) {
  return value < 1000 ? `${value} µs` : duration(value / 1000);
}

const SPANS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** Seconds in at most two units: `2 d 3 h`. */
export function span(seconds) {
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, name] of SPANS) {
    const number = Math.floor(rest / unit);
    rest -= number * unit;
    if (number > 0) parts.push(`${number} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length > 0 ? parts.join(" ") : "0 s";
}

/** The reply of `PTTL`, for people. */
export function timeToLive(milliseconds) {
  if (milliseconds === -1) return "no expiry";
  if (milliseconds < 0) return "gone";
  return milliseconds < 1000 ? "< 1 s" : span(milliseconds / 1000);
}

/**
 * Seconds of `90`, `90s`, `15m`, `2h`, `7d` or `1h 30m`; throws an Error that says what is expected.
 */
export function parseSpan(text) {
  const units = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86400 };
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?\s*/gy)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  const seconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit ?? "s"], 0);
  if (parts.length === 0 || length !== text.trim().length || !(seconds > 0)) {
    throw new Error("expected a time such as 90s, 15m, 2h or 7d");
  }
  return seconds;
}
