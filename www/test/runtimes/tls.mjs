// What every runtime must do with certificates. Uses no API of a single runtime.

/**
 * Tries each of `cases`, `{ name, url, options?, refused? }`: it works, or is refused as TLS that failed, in
 * words that match `refused`. Returns `{ name, error? }` of each.
 */
export async function run({ connect, ConnectionError }, cases) {
  const results = [];
  for (const { name, url, options, refused } of cases) {
    try {
      await (refused ? refuses(url, options, new RegExp(refused, "i")) : works(url, options));
      results.push({ name });
    } catch (error) {
      results.push({ name, error: `${error?.stack ?? error}` });
    }
  }
  return results;

  async function works(url, options) {
    const redis = await connect(url, options);
    const large = "x".repeat(1_000_000);
    await redis.set("tls:large", large);
    const got = await redis.get("tls:large");
    await redis.close();
    if (got !== large) throw new Error("another value came back");
  }

  async function refuses(url, options, words) {
    const started = Date.now();
    const error = await connect(url, { connectRetry: 1, ...options }).then(
      (redis) => redis.close().then(() => new Error("it was trusted")),
      (error) => error,
    );
    const right = error instanceof ConnectionError && error.stage === "tls" && error.code === "ERR_REDMUX_CONNECT_TLS";
    if (!right || !words.test(error.message)) throw new Error(`${error.code} ${error.stage}: ${error.message}`);
    if (error.delivery !== "not-sent") throw new Error(`delivery ${error.delivery}`);
    if (Date.now() - started > 4500) throw new Error("it was only given up, not refused");
  }
}
