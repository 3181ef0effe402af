// The reply of INFO.

/** Sections in their order: `[{ name, fields: [[name, value]] }]`. */
export function parseInfo(text) {
  const sections = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) {
      sections.push({ name: line.slice(1).trim(), fields: [] });
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    if (sections.length === 0) sections.push({ name: "", fields: [] });
    sections.at(-1).fields.push([line.slice(0, colon), line.slice(colon + 1)]);
  }
  return sections;
}

/** All fields of all sections in one `Map`. */
export function fieldsOf(sections) {
  return new Map(sections.flatMap(({ fields }) => fields));
}

/** `keys=5,expires=1` as an object. */
export function parts(value) {
  return Object.fromEntries(value.split(",").map((part) => part.split("=", 2)));
}

/** Share of reads that found their key, from 0 to 1; `null` before the first. */
export function hitRatio(fields) {
  const hits = Number(fields.get("keyspace_hits") ?? 0);
  const misses = Number(fields.get("keyspace_misses") ?? 0);
  return hits + misses === 0 ? null : hits / (hits + misses);
}

/** Sections with only those fields that hold the text, in name or value. */
export function searchInfo(sections, text) {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return sections;
  const holds = (word) => word.toLowerCase().includes(wanted);
  return sections
    .map(({ name, fields }) => ({
      name,
      fields: holds(name) ? fields : fields.filter(([field, value]) => holds(field) || holds(value)),
    }))
    .filter(({ fields }) => fields.length > 0);
}
