// What every runtime must do with the package, against a real server. Nothing of a runtime's own.

/** Runs it over `url`; gives `{ name, error? }` of each step. `dead` is a URL of the same kind that nobody answers. */
export async function run({ connect, ConnectionError, ServerError, TimeoutError }, url, dead) {
  const results = [];
  const where = `${new URL(url).protocol.slice(0, -1)}`;
  const step = async (name, action) => {
    try {
      await action();
      results.push({ name: `${where}: ${name}` });
    } catch (error) {
      results.push({ name: `${where}: ${name}`, error: `${error?.stack ?? error}` });
    }
  };
  let redis;
  await step("connects", async () => {
    redis = await connect(url);
    equal(await redis.ping(), "PONG");
  });
  if (!redis) return results;
  const key = `key:${Math.random()}`;
  await step("carries bytes as they are", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
    await redis.set(key, bytes);
    const got = await redis.get(key, { bytes: true });
    equal(got.constructor.name, "Uint8Array");
    equal([...got].join(), [...bytes].join());
  });
  await step("carries large values", async () => {
    const large = "x".repeat(3_000_000);
    await redis.set(key, large);
    equal((await redis.get(key)).length, large.length);
    // Buffers are used again: each value must have left before the next takes its place.
    const value = (letter) => letter.repeat(700_000);
    const letters = [..."abcdefghijkl"];
    await Promise.all(letters.map((letter) => redis.set(`${key}:${letter}`, value(letter))));
    for (const letter of letters) await redis.set(`${key}:${letter}:2`, value(letter));
    for (const letter of letters) {
      const [first, second] = await Promise.all([redis.get(`${key}:${letter}`), redis.get(`${key}:${letter}:2`)]);
      if (first !== value(letter) || second !== first) throw new Error(`the value of ${letter} has changed on its way`);
      await redis.del([`${key}:${letter}`, `${key}:${letter}:2`]);
    }
  });
  await step("gives each of 2,000 callers its own reply", async () => {
    const replies = await Promise.all(Array.from({ length: 2000 }, (_, n) => redis.send("ECHO", `${n}`)));
    equal(replies.every((reply, n) => reply === `${n}`), true);
  });
  await step("delivers messages, to a callback and to an iterator", async () => {
    const seen = [];
    const channel = `news:${key}`;
    const called = await redis.subscribe(channel, (message) => seen.push(message.payload));
    const iterated = await redis.subscribe(channel);
    for (let n = 0; n < 10; n++) await redis.publish(channel, `${n}`);
    const read = [];
    for await (const message of iterated) {
      read.push(message.payload);
      if (read.length === 10) break;
    }
    equal(read.join(), "0,1,2,3,4,5,6,7,8,9");
    equal(seen.join(), read.join());
    await called.unsubscribe();
  });
  await step("tells errors apart", async () => {
    const server = await failure(redis.send("NOSUCH", "secret"));
    equal(server instanceof ServerError, true);
    equal(`${server.code} ${server.delivery}`, "ERR_REDMUX_SERVER answered");
    equal(server.message.includes("secret"), false);
    const late = await failure(redis.send("WAIT", 1, 0, { timeout: 60 }));
    equal(late.constructor.name, "CommandError");
    const busy = await failure(redis.send("DEBUG", "SLEEP", "0.5", { timeout: 100 }));
    equal(busy instanceof TimeoutError, true);
    equal(busy.delivery, "maybe-executed");
  });
  await step("aborts", async () => {
    const abort = new AbortController();
    const waiting = redis.send("ECHO", "x", { signal: abort.signal });
    abort.abort(new Error("no longer wanted"));
    equal((await failure(waiting)).message, "no longer wanted");
  });
  await step("comes back after the connection was killed", async () => {
    const restored = new Promise((resolve) => redis.once("connectionRestored", resolve));
    // The reply comes first, the end after it.
    await redis.send("CLIENT", "KILL", "ID", await redis.send("CLIENT", "ID"), "SKIPME", "no");
    await restored;
    equal(await redis.ping(), "PONG");
  });
  await step("closes", async () => {
    await redis.del(key);
    await redis.close();
    equal((await failure(redis.ping())).code, "ERR_REDMUX_CLOSED");
  });
  await step("says that nobody is there", async () => {
    const options = { connectRetry: 1, connectTimeout: 3000 };
    const error = await failure(connect(dead, options));
    equal(error instanceof ConnectionError, true);
    equal(error.delivery, "not-sent");
  });
  return results;
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

function equal(got, expected) {
  if (got !== expected) throw new Error(`got ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}
