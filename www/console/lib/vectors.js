// Vectors of search, as the bytes that queries take.

const SIZES = { FLOAT32: 4, FLOAT64: 8 };

/** The bytes of a vector, little-endian; `null` for types of numbers that this page does not know. */
export function vectorBytes(type, numbers) {
  const size = SIZES[type];
  if (!size) return null;
  const view = new DataView(new ArrayBuffer(numbers.length * size));
  numbers.forEach((number, at) => (size === 4 ? view.setFloat32(at * 4, number, true) : view.setFloat64(at * 8, number, true)));
  return new Uint8Array(view.buffer);
}

/** The name of a field as queries write it: marks have a backslash before them. */
export function fieldName(name) {
  return name.replaceAll(/[^A-Za-z0-9_\u0080-\u{10ffff}]/gu, (mark) => `\\${mark}`);
}
