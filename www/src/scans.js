// The iterators over SCAN and its kin.

/** Goes through all pages item by item, or page by page with `batches()`. */
export function pages(page, items) {
  async function* batches() {
    let cursor = "0";
    do {
      const reply = await page(cursor);
      if (reply[items].length > 0) yield reply[items];
      ({ cursor } = reply);
    } while (cursor !== "0");
  }
  async function* each() {
    for await (const batch of batches()) yield* batch;
  }
  return Object.assign(each(), { batches });
}
