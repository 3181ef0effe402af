// The iterators over SCAN, HSCAN, SSCAN and ZSCAN.

/**
 * Iterates over all pages item by item, or page by page with `batches()`; `items` names the items of a page.
 * @param {(cursor: string) => Promise<any>} page Each command has a page of its own type.
 * @param {string} items
 */
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
