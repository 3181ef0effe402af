// `redmux/express-session` with express and express-session.

import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import express from "express";
import session from "express-session";
import Default, { RedisStore } from "redmux/express-session";

/** An app that counts visits; `action(visit)` gets a function that opens a path with the cookie of its last call. */
async function withApp(store, options, action) {
  const app = express();
  app.use(session({ store, secret: "a secret", resave: false, saveUninitialized: false, ...options }));
  app.get("/", (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json(request.session.visits);
  });
  app.get("/look", (request, response) => response.json(request.session.visits ?? null));
  app.get("/slow", async (request, response) => {
    request.session.slow = true;
    await app.locals.gate;
    response.json("saved");
  });
  app.get("/logout", (request, response) => request.session.destroy((error) => response.json(error ? error.message : null)));
  app.get("/renew", (request, response) => request.session.regenerate(() => ((request.session.visits = 100), response.json(100))));
  app.use((error, request, response, next) => (response.headersSent ? next(error) : response.status(500).json(error.message)));
  // The errors of requests that are answered already.
  app.set("env", "test");
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const visitor = (cookie) => {
    const visit = async (path = "/") => {
      const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: cookie ? { cookie } : {} });
      visit.cookie = cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      return response.json();
    };
    return visit;
  };
  try {
    await action(visitor(), app, visitor);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

export const sessions = [
  "express-session",
  [
    [
      "an app keeps a session, renews it, and ends it",
      async ({ redis }) =>
        withApp(new RedisStore({ client: redis }), { cookie: { maxAge: 60_000 } }, async (visit, app, visitor) => {
          assert.deepEqual([await visit(), await visit(), await visitor()()], [1, 2, 1]);
          assert.equal((await redis.keys("sess:*")).length, 2);
          const before = await redis.keys("sess:*");
          await visit("/renew");
          assert.deepEqual([await visit("/look"), await visit()], [100, 101]);
          const key = (await redis.keys("sess:*")).find((key) => !before.includes(key));
          assert.ok((await redis.pTtl(key)) > 50_000);
          await redis.pExpire(key, 1000);
          await visit("/look");
          assert.ok((await redis.pTtl(key)) > 50_000, "a request that changes nothing extends the session");
          assert.equal(await visit("/logout"), null);
          assert.equal(await redis.exists(key), 0);
          assert.equal(await visit("/look"), null);
        }),
    ],
    [
      "a session expires with its cookie, and without one after the ttl",
      async ({ redis }) => {
        await withApp(new RedisStore({ client: redis }), { cookie: { maxAge: 100 } }, async (visit) => {
          assert.equal(await visit(), 1);
          await sleep(150);
          assert.deepEqual(await redis.keys("*"), []);
          assert.equal(await visit(), 1);
        });
        await redis.flushDb();
        for (const [options, wanted] of [[{}, 86_400], [{ ttl: 60 }, 60], [{ ttl: () => 30 }, 30]]) {
          await withApp(new RedisStore({ client: redis, prefix: "s:", ...options }), {}, async (visit) => {
            await visit();
            const [key] = await redis.keys("s:*");
            assert.ok(Math.abs((await redis.ttl(key)) - wanted) <= 1, `${wanted}`);
            await redis.flushDb();
          });
        }
        await withApp(new RedisStore({ client: redis, disableTTL: true }), {}, async (visit) => {
          await visit();
          await visit("/look");
          const [key] = await redis.keys("*");
          assert.equal(await redis.ttl(key), -1);
        });
      },
    ],
    [
      "a request that ends after the logout does not bring the session back",
      async ({ redis }) =>
        withApp(new RedisStore({ client: redis }), {}, async (visit, app) => {
          await visit();
          let open;
          app.locals.gate = new Promise((resolve) => (open = resolve));
          const slow = visit("/slow");
          await sleep(30);
          await visit("/logout");
          open();
          assert.equal(await slow, "saved");
          assert.deepEqual(await redis.keys("*"), []);
        }),
    ],
    [
      "all of a store, with callbacks and with promises",
      async ({ redis, require }) => {
        const { RedisStore: Required } = require("redmux/express-session");
        assert.ok(new Required({ client: redis }) instanceof session.Store);
        const store = new Required({ client: redis, prefix: "s[1]:", scanCount: 10 });
        await redis.set("s1:x", "other");
        for (let n = 0; n < 50; n++) await store.set(`s${n}`, { n, cookie: {} });
        assert.equal((await store.get("s7")).n, 7);
        assert.equal(await new Promise((resolve, reject) => store.get("s8", (error, found) => (error ? reject(error) : resolve(found.n)))), 8);
        await store.touch("s7", { cookie: { expires: new Date(Date.now() + 5000).toISOString() } });
        assert.ok((await redis.ttl("s[1]:s7")) <= 5);
        assert.equal(await store.length(), 50);
        assert.equal((await store.ids()).length, 50);
        assert.deepEqual((await store.all()).map(({ id, n }) => id === `s${n}`), Array(50).fill(true));
        await store.destroy("s7");
        assert.equal(await store.get("s7"), undefined);
        await store.set("s8", { cookie: { expires: new Date(Date.now() - 1) } });
        assert.equal(await store.get("s8"), undefined);
        await store.clear();
        assert.equal(await store.length(), 0);
        assert.deepEqual(await redis.keys("*"), ["s1:x"]);
      },
    ],
    [
      "errors reach express, and quote no session",
      async ({ redis, url }) => {
        const store = new Default({ url });
        await redis.set("sess:broken", '{"secret":"hunter2"');
        await assert.rejects(store.get("broken"), (error) => !error.stack.includes("hunter2") && /not in the serializer's format/.test(error.message));
        await redis.rPush("sess:list", "x");
        assert.equal(await new Promise((resolve) => store.get("list", (error) => resolve(error.serverCode))), "WRONGTYPE");
        await store.close();
        const away = new RedisStore({ url: "redis://127.0.0.1:1", connect: { commandTimeout: 50 } });
        let cookie;
        await withApp(new RedisStore({ client: redis }), {}, async (visit) => {
          await visit();
          ({ cookie } = visit);
        });
        await withApp(away, {}, async (_, app, visitor) => assert.match(await visitor(cookie)(), /GET/));
        await away.close();
      },
    ],
    [
      "mistakes are refused at once",
      async ({ redis }) => {
        assert.throws(() => new RedisStore(), /redmux\/express-session: expected an object of options/);
        assert.throws(() => new RedisStore({}), /redmux\/express-session: expected a client of redmux/);
        assert.throws(() => new RedisStore({ client: redis, prefix: "" }), /prefix: expected a text that is not empty/);
        assert.throws(() => new RedisStore({ client: redis, ttl: "1" }), /ttl: expected a positive number/);
        assert.throws(() => new RedisStore({ client: redis, disableTtl: true }), /disableTtl is not an option/);
      },
    ],
  ],
];
