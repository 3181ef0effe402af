// Sessions of express in Redis, by connect-redis.

import assert from "node:assert/strict";
import { once } from "node:events";

import RedisStore from "connect-redis";
import express from "express";
import session from "express-session";

/** An express app that counts the visits of a session. */
function appOf(store) {
  const app = express();
  app.use(session({ store, secret: "a secret", resave: false, saveUninitialized: false, cookie: { maxAge: 60_000 } }));
  app.get("/", (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json(request.session.visits);
  });
  app.get("/logout", (request, response) => request.session.destroy(() => response.json(null)));
  return app;
}

export const sessions = [
  "connect-redis",
  [
    [
      "an express app keeps a session, and ends it",
      async (client) => {
        const redis = client();
        const server = appOf(new RedisStore({ client: redis })).listen(0, "127.0.0.1");
        await once(server, "listening");
        try {
          const url = `http://127.0.0.1:${server.address().port}`;
          const first = await fetch(url);
          const cookie = first.headers.get("set-cookie").split(";")[0];
          assert.equal(await first.json(), 1);
          const visit = async (path = "/") => (await fetch(url + path, { headers: { cookie } })).json();
          assert.equal(await visit(), 2);
          const [key] = await redis.keys("sess:*");
          assert.ok((await redis.ttl(key)) > 50);
          await visit("/logout");
          assert.deepEqual(await redis.keys("sess:*"), []);
          assert.equal(await visit(), 1);
        } finally {
          server.close();
          server.closeAllConnections();
        }
      },
    ],
    [
      "all of a store: all, ids, length, touch, clear",
      async (client) => {
        const store = new RedisStore({ client: client(), scanCount: 10 });
        const done = (method, ...args) => new Promise((resolve, reject) => store[method](...args, (error, value) => (error ? reject(error) : resolve(value))));
        for (let n = 0; n < 50; n++) await done("set", `s${n}`, { n, cookie: {} });
        assert.equal((await done("get", "s7")).n, 7);
        await done("touch", "s7", { cookie: { expires: new Date(Date.now() + 5000) } });
        assert.equal(await done("length"), 50);
        assert.equal((await done("ids")).length, 50);
        assert.equal((await done("all")).length, 50);
        await done("destroy", "s7");
        assert.equal(await done("get", "s7"), undefined);
        await done("clear");
        assert.equal(await done("length"), 0);
      },
    ],
  ],
];
