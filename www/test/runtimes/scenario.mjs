// What every runtime must do with the package, against a real server. Uses no API of a single runtime.

/** One of each module. */
const MODULE_METHODS = ["jsonGet", "bfAdd", "tsAdd", "ftSearch"];

/** Runs it over `url`; returns `{ name, error? }` of each step. `dead` is a URL of the same kind without a server. */
export async function run({ Client, connect, connectGroup, load, ConnectionError, ServerError, TimeoutError }, url, dead) {
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
  await step("modules add their methods", async () => {
    for (const method of MODULE_METHODS) {
      for (const target of [Client.prototype, redis, redis.multi(), redis.pipeline()]) equal(`${method} ${typeof target[method]}`, `${method} function`);
    }
    // The server of this check has no modules.
    for (const call of [redis.jsonGet(key), redis.bfAdd(key, 1), redis.tsAdd(key, "*", 1), redis.ftSearch(key, "*")]) equal((await failure(call)) instanceof ServerError, true);
  });
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
  await step("keeps the order of commands, transactions and subscriptions", async () => {
    const all = await Promise.all([redis.ping(), redis.multi().set(key, 1).incr(key).exec(), redis.set(key, 7), redis.incr(key)]);
    equal(JSON.stringify(all), '["PONG",["OK",2],"OK",8]');
    const channel = `order:${key}`;
    const [, subscription, receivers] = await Promise.all([redis.ping(), redis.subscribe(channel, () => {}), redis.publish(channel, "x")]);
    equal(receivers, 1);
    subscription.unsubscribe();
  });
  await step("delivers a burst whole, and every error", async () => {
    const channel = `burst:${key}`;
    const count = 5000;
    const seen = { called: 0, iterated: 0, missed: 0, errors: 0 };
    redis.on("missed", () => (seen.missed += 1));
    redis.on("errorMessage", () => (seen.errors += 1));
    const called = await redis.subscribe(channel, () => (seen.called += 1));
    const iterated = await redis.subscribe(channel);
    const reading = (async () => {
      for await (const _ of iterated) if (++seen.iterated === count) return;
    })();
    await redis.eval("for n = 1, ARGV[1] do redis.call('PUBLISH', KEYS[1], n) end", [channel], [count]);
    await reading;
    await redis.set(key, "text");
    await Promise.allSettled(Array.from({ length: 1000 }, () => redis.incr(key)));
    called.unsubscribe();
    equal(JSON.stringify(seen), '{"called":5000,"iterated":5000,"missed":0,"errors":1000}');
  });
  await step("a listener that throws harms nothing and is reported", async () => {
    const told = [];
    const thrower = (name) => () => {
      throw new Error(`thrown on purpose by the test: ${name}`);
    };
    redis.on("listenerError", ({ origin }) => told.push(origin));
    redis.once("errorMessage", thrower("once"));
    redis.once("errorMessage", async () => thrower("async")());
    redis.events.addEventListener("errorMessage", thrower("target"), { once: true });
    const subscription = await redis.subscribe(`throws:${key}`, thrower("callback"));
    await redis.publish(`throws:${key}`, "x");
    await failure(redis.send("NOSUCH"));
    await redis.ping();
    subscription.unsubscribe();
    equal(told.sort().join(), "errorMessage,errorMessage,errorMessage,subscribe");
  });
  await step("clients that are closed, aborted or refused are collected", async () => {
    const collect = globalThis.gc ?? (globalThis.Bun && (() => globalThis.Bun.gc(true)));
    let collected = 0;
    const registry = new FinalizationRegistry(() => (collected += 1));
    const count = 30;
    const instance = await load();
    let size = 0;
    for (let n = 0; n < count; n++) {
      if (n === 10) size = instance.memory.length;
      const reconnect = () => 1;
      registry.register(reconnect, null);
      const client = await connect(url, { reconnect });
      await client.ping();
      await client.close();
      await failure(connect(url, { reconnect, username: "nobody", password: "wrong" }));
      await failure(connect(url, { reconnect, signal: AbortSignal.abort() }));
    }
    equal(instance.memory.length, size);
    // Where nothing collects when it is asked to, there is nothing to see.
    for (let n = 0; collect && n < 100 && collected < count / 2; n++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (collect) equal(collected >= count / 2, true);
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
  await step("gives up when `reconnect` says so", async () => {
    let asked = 0;
    const client = await connect(url, { reconnect: () => (++asked, false) });
    const gaveUp = new Promise((resolve) => client.once("gaveUp", resolve));
    await client.send("CLIENT", "KILL", "ID", await client.send("CLIENT", "ID"), "SKIPME", "no").catch(() => {});
    equal((await gaveUp).error.code, "ERR_REDMUX_CLOSED");
    equal((await failure(client.ping())).message.includes("gave up"), true);
    equal(asked, 1);
  });
  // Of the build for servers. A bundle for workerd has no modules of Node here.
  const channels = connectGroup && globalThis.process?.getBuiltinModule?.("node:diagnostics_channel");
  if (channels) {
    await step("is watched by channels, and errors lead to the call", async () => {
      const seen = [];
      const names = ["start", "asyncEnd", "error"].map((event) => `tracing:redmux:command:${event}`);
      const listeners = names.map((name) => ({ name, listener: ({ command, clientName }) => clientName === "watched" && seen.push(`${name.split(":").at(-1)} ${command}`) }));
      for (const { name, listener } of listeners) channels.subscribe(name, listener);
      const client = await connect(url, { stack: true, clientName: "watched" });
      await client.set(key, "v");
      async function callOfTheProgram() {
        await null;
        await client.hGet(key, "field");
      }
      const { stack } = await failure(callOfTheProgram());
      equal(stack.includes("callOfTheProgram"), true);
      equal(seen.join(), "start SET,asyncEnd SET,start HGET,error HGET,asyncEnd HGET");
      for (const { name, listener } of listeners) channels.unsubscribe(name, listener);
      const question = { clients: [] };
      channels.channel("redmux:status").publish(question);
      equal(question.clients.some(({ clientName, status }) => clientName === "watched" && status.connections.length > 0), true);
      await client.del(key);
      await client.close();
    });
  }
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
