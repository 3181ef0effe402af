// The wasm file in a page. Some bundlers separate the code from it: Vite before version 8 when it serves, and those
// that do not know `new URL(…, import.meta.url)`.

/**
 * The response with the file at `url()`, or what `inlined()` returns if there is none.
 * @param {() => URL} url
 * @param {() => unknown} inlined
 */
export async function fetched(url, inlined) {
  let failure;
  try {
    const response = await fetch(url());
    // A server without the file may answer with a page.
    if (response.ok && !/html/.test(response.headers.get("content-type") ?? "")) return response;
    failure = new Error(`the wasm file is not at ${response.url} (${response.status}): pass its place as the option wasm`);
  } catch (error) {
    failure = error;
  }
  try {
    return await inlined();
  } catch {
    throw failure;
  }
}
