// Parsed documents, and the paths of their parts.

/** A number as it was written, where parsing it would change it. */
export class Written {
  constructor(text) {
    this.text = text;
  }
}

/** The value of a text; numbers that are not exact stay as they are written, where the browser tells. */
export function parse(text) {
  return JSON.parse(text, (_, value, context) => (typeof value === "number" && context?.source && String(value) !== context.source ? new Written(context.source) : value));
}

/**
 * The path of a part: a name in quotes, or an index. `null` for a name with a backslash or with both kinds of quotes, and for what
 * is in it: RedisJSON finds such names, but does not set them.
 */
export function pathOf(path, name) {
  if (path === null) return null;
  if (typeof name === "number") return `${path}[${name}]`;
  if (name.includes("\\") || (name.includes('"') && name.includes("'"))) return null;
  const quote = name.includes('"') ? "'" : '"';
  return `${path}[${quote}${name}${quote}]`;
}
