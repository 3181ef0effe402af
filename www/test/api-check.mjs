// The package's API against a real server, inside of a page.

/** Runs every check in the page; returns `[name, error message or null]` for each. */
export function checkApi(page, gateway) {
  return page.evaluate(inPage, gateway);
}

/** Sent to the page as text: everything it uses is inside. */
async function inPage(given) {
  const { connect, CommandError, RedmuxError, ServerError, TimeoutError } = await import("./redmux/src/index.js");
  const gateway = given ?? "/redis";
  const key = (name) => `check:api:${name}`;
  const results = [];

  function same(got, wanted) {
    const text = (value) =>
      JSON.stringify(value, (_, item) => {
        if (typeof item === "bigint") return `${item}n`;
        if (item instanceof Map || item instanceof Set) return [item.constructor.name, ...item];
        if (ArrayBuffer.isView(item)) return ["bytes", ...item];
        if (typeof item === "number" && !Number.isFinite(item)) return String(item);
        return item;
      });
    if (text(got) !== text(wanted)) throw new Error(`got ${text(got)}, not ${text(wanted)}`);
  }

  async function failure(promise, Class, fields) {
    const error = await promise.then(() => null, (error) => error);
    if (!(error instanceof Class)) throw new Error(`expected ${Class.name}, got ${error?.name}: ${error?.message}`);
    for (const [name, value] of Object.entries(fields)) same([name, error[name]], [name, value]);
    return error;
  }

  async function check(name, action) {
    try {
      await action();
      results.push([name, null]);
    } catch (error) {
      // A trap says where it was.
      const { stack } = error.cause ?? {};
      results.push([name, stack ? `${error.message} (${stack})` : error.message]);
    }
  }

  const redis = await connect(gateway, { clientName: "api-check" });
  await redis.send("DEL", ["s", "h", "l", "set", "z", "bin", "n", "big"].map(key));

  await check("replies have the type of their kind", async () => {
    same(await redis.set(key("s"), "grüße 🦊", { PX: 60_000 }), "OK");
    same(await redis.get(key("s")), "grüße 🦊");
    same(await redis.get(key("none")), null);
    same(await redis.set(key("s"), "x", { NX: true }), null);
    same(await redis.hSet(key("h"), { __proto__x: 1, f: "v" }), 2);
    same({ ...(await redis.hGetAll(key("h"))) }, { __proto__x: "1", f: "v" });
    same(await redis.send("HGETALL", key("h")), new Map([["__proto__x", "1"], ["f", "v"]]));
    same(await redis.sAdd(key("set"), ["a", "a"]), 1);
    same(await redis.sMembers(key("set")), new Set(["a"]));
    same(await redis.zAdd(key("z"), [{ score: 1.5, value: "a" }, { score: Infinity, value: "b" }]), 2);
    same(await redis.zRangeWithScores(key("z"), 0, -1), [{ value: "a", score: 1.5 }, { value: "b", score: Infinity }]);
    same(await redis.zScore(key("z"), "none"), null);
    same(await redis.rPush(key("l"), "a", "b", "c"), 3);
    same(await redis.lRange(key("l"), 0, -1), ["a", "b", "c"]);
  });

  await check("integers beyond 2^53 are bigints", async () => {
    same(await redis.incrBy(key("n"), 2n ** 53n - 1n), 2 ** 53 - 1);
    same(await redis.incr(key("n")), 2n ** 53n);
    same(await redis.decrBy(key("n"), 1), 2 ** 53 - 1);
  });

  await check("bytes are kept, and are refused as text", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await redis.set(key("bin"), bytes);
    same(await redis.get(key("bin"), { bytes: true }), bytes);
    await failure(redis.get(key("bin")), RedmuxError, { kind: "decode", delivery: "answered" });
    same(await redis.get(key("s")), "grüße 🦊");
  });

  await check("a large value passes both ways", async () => {
    const large = crypto.getRandomValues(new Uint8Array(65_536));
    const whole = new Uint8Array(6 << 20);
    for (let at = 0; at < whole.length; at += large.length) whole.set(large, at);
    await redis.set(key("big"), whole, { timeout: 20_000 });
    const back = await redis.get(key("big"), { bytes: true, timeout: 20_000 });
    same([back.length, back.every((byte, i) => byte === whole[i])], [whole.length, true]);
    await redis.del(key("big"));
  });

  await check("many commands at once are answered in order", async () => {
    const answers = await Promise.all(Array.from({ length: 5000 }, (_, i) => redis.echo(`e${i}`)));
    same(answers.findIndex((answer, i) => answer !== `e${i}`), -1);
  });

  await check("errors have their class, code and delivery", async () => {
    const error = await failure(redis.incr(key("s")), ServerError, {
      code: "ERR_REDMUX_SERVER",
      delivery: "answered",
      command: "INCR",
    });
    if (!error.serverText.startsWith("ERR value is not an integer")) throw new Error(error.serverText);
    await failure(redis.lPush(key("s"), 1), ServerError, { serverCode: "WRONGTYPE" });
    await failure(redis.send("SUBSCRIBE", "c"), CommandError, { code: "ERR_REDMUX_COMMAND", delivery: "not-sent" });
  });

  await check("bad options are named, and their values are not shown", async () => {
    for (const [options, why] of [
      [{ comandTimeout: 1 }, /^comandTimeout is not an option/],
      [{ database: "hunter2" }, /^database: expected a whole number/],
      [{ connectTimeout: -1 }, /^connectTimeout: expected milliseconds/],
      [{ protocol: 4 }, /^protocol: expected 2 or 3/],
      [{ username: "hunter2" }, /^username: it needs a password/],
    ]) {
      const error = await failure(connect(gateway, options), RedmuxError, { kind: "config" });
      if (!why.test(error.message) || error.message.includes("hunter2")) throw new Error(error.message);
    }
  });

  await check("an aborted call harms no other", async () => {
    const controller = new AbortController();
    const calls = Array.from({ length: 20 }, (_, i) => redis.echo(`a${i}`, i % 2 ? { signal: controller.signal } : {}));
    controller.abort(new Error("enough"));
    const settled = await Promise.allSettled(calls);
    same(
      settled.map(({ value, reason }) => value ?? reason.message),
      Array.from({ length: 20 }, (_, i) => (i % 2 ? "enough" : `a${i}`)),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    const later = new AbortController();
    const inFlight = redis.echo("late", { signal: later.signal });
    await Promise.resolve().then(() => {}).then(() => {});
    later.abort();
    await inFlight.catch(() => {});
    same(await redis.echo("next"), "next");
  });

  await check("subscriptions: callback, iterator, pattern, unsubscribe", async () => {
    const heard = [];
    const one = await redis.subscribe(key("ch"), ({ channel, payload }) => heard.push([channel, payload]));
    const all = await redis.pSubscribe(key("c*"), { bytes: true });
    same(await redis.publish(key("ch"), "first"), 2);
    for await (const { payload, pattern } of all) {
      same([payload, pattern], [new TextEncoder().encode("first"), key("c*")]);
      break;
    }
    same(heard, [[key("ch"), "first"]]);
    one.unsubscribe();
    const end = performance.now() + 3000;
    while ((await redis.publish(key("ch"), "late")) > 0 && performance.now() < end);
    same(await redis.publish(key("ch"), "nobody"), 0);
    same(heard.filter(([, payload]) => payload === "nobody").length, 0);
    same(redis.status().subscriptions, 0);
  });

  await check("status tells server, protocol and state", async () => {
    const [connection] = redis.status().connections;
    same([connection.connectionType, connection.diagnostics.connection, connection.protocol], ["interactive", "ready", 3]);
    if (!/^\d+\./.test(connection.server.version)) throw new Error(connection.server.version);
  });

  await check("protocol 2 gives the same shapes", async () => {
    const old = await connect(gateway, { protocol: 2 });
    same({ ...(await old.hGetAll(key("h"))) }, { __proto__x: "1", f: "v" });
    same(await old.zScore(key("z"), "a"), 1.5);
    same(await old.sMembers(key("set")), new Set(["a"]));
    same(await old.zRangeWithScores(key("z"), 0, 0), [{ value: "a", score: 1.5 }]);
    const messages = await old.subscribe(key("old"));
    await old.publish(key("old"), "m");
    for await (const { payload } of messages) {
      same(payload, "m");
      break;
    }
    await old.close();
  });

  await check("close is final", async () => {
    const last = redis.echo("last");
    await redis.close();
    same(await last, "last");
    await failure(redis.get("k"), RedmuxError, { code: "ERR_REDMUX_CLOSED", delivery: "not-sent" });
  });

  await check("nobody there: connect rejects", async () => {
    const nobody = connect("ws://127.0.0.1:9/", { connectRetry: 1, connectTimeout: 3000 });
    const error = await nobody.then(() => null, (error) => error);
    if (!(error instanceof RedmuxError) || error.delivery !== "not-sent") throw new Error(String(error));
    if (error instanceof TimeoutError ? error.stage !== "connect" : error.kind !== "connect") throw new Error(error.code);
  });

  return results;
}
