// The wasm file in a page. Some bundlers move the code away from it: Vite before version 8 when it serves, and those
// that do not know `new URL(…, import.meta.url)`.

/** The response with the file that is at `url()`, or what `inlined()` gives if there is none. */
export async function fetched(url, inlined) {
  let failure;
  try {
    const response = await fetch(url());
    // Where a server has no such file, it may answer with the page itself.
    if (response.ok && !/html/.test(response.headers.get("content-type") ?? "")) return response;
    failure = new Error(`the wasm file is not at ${response.url} (${response.status}): give its place as the option wasm`);
  } catch (error) {
    failure = error;
  }
  try {
    return await inlined();
  } catch {
    throw failure;
  }
}
