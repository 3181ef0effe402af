// `redmux/socket.io` with Socket.IO: servers of one process, each with a connection of its own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "redmux";
import { createAdapter } from "redmux/socket.io";
import { Server } from "socket.io";
import { io } from "socket.io-client";

/** Two servers, or more; `action(servers, dial)`: `dial(number)` is a client of a server, and `errors` is what adapters reported. */
async function cluster(url, options, action, { create = createAdapter, count = 2, ...more } = {}) {
  const errors = [];
  const servers = [];
  const clients = [];
  const onError = (error) => errors.push(error.message);
  for (let number = 0; number < count; number++) {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    const redis = await connect(url, { clientName: `server-${number}` });
    const server = new Server(http, { adapter: create(redis, { onError, ...options }), ...more });
    server.on("connection", (socket) => {
      socket.on("enter", async (room, done) => (await socket.join(room), done()));
      socket.on("say", (room, ...words) => server.to(room).emit("said", ...words));
    });
    servers.push({ server, redis, port: http.address().port });
  }
  const dial = async (number, options = {}) => {
    const client = io(`http://127.0.0.1:${servers[number].port}`, { transports: ["websocket"], forceNew: true, ...options });
    clients.push(client);
    await once(client, "connect");
    return client;
  };
  const known = async () => {
    for (const { server } of servers) while ((await server.of("/").adapter.serverCount()) < count) await sleep(5);
  };
  try {
    await known();
    await action(servers, dial, { errors, known });
  } finally {
    for (const client of clients) client.close();
    for (const { server } of servers) await server.close();
    for (const { redis } of servers) await redis.close();
  }
}

/** What a client hears of an event, as it comes. */
function heard(client, event) {
  const all = [];
  client.on(event, (...args) => all.push(args));
  return all;
}

const soon = async (condition, what) => {
  for (const end = Date.now() + 10_000; !condition(); await sleep(5)) assert.ok(Date.now() < end, `in vain: ${what}`);
};

const everything = (options, more) => ({ url, require }) =>
  cluster(
    url,
    options,
    async ([one, two], dial, { errors }) => {
      const [ada, bob, eve] = [await dial(0), await dial(1), await dial(1)];
      await ada.emitWithAck("enter", "room");
      await bob.emitWithAck("enter", "room");
      const [toAda, toBob, toEve] = [heard(ada, "said"), heard(bob, "said"), heard(eve, "said")];
      const bytes = Buffer.from([0, 58, 255]);
      ada.emit("say", "room", "hello", { bytes, nested: [null, { $: "bytes", end: 9 }] });
      ada.emit("say", "room", "world");
      await soon(() => toAda.length === 2 && toBob.length === 2, "two messages");
      for (const all of [toAda, toBob]) {
        assert.deepEqual([all[0][0], all[1][0]], ["hello", "world"]);
        assert.deepEqual([...all[0][1].bytes], [0, 58, 255]);
        assert.deepEqual(all[0][1].nested, [null, { $: "bytes", end: 9 }]);
      }
      assert.deepEqual(toEve, []);
      // Sockets of all servers, and what can be done with them.
      const found = await one.server.in("room").fetchSockets();
      assert.deepEqual(new Set(found.map(({ id }) => id)), new Set([ada.id, bob.id]));
      one.server.in(eve.id).socketsJoin("room");
      one.server.to("room").except(ada.id).emit("said", "not to ada");
      await soon(() => toEve.length === 1 && toBob.length === 3, "a broadcast");
      assert.equal(toAda.length, 2);
      // Who leaves after a message still gets it.
      one.server.to("room").emit("said", "farewell");
      one.server.in("room").socketsLeave("room");
      await soon(() => [toAda, toBob, toEve].every((all) => all.at(-1)?.[0] === "farewell"), "a farewell");
      await soon(() => !two.server.of("/").adapter.rooms.has("room"), "an empty room");
      // Answers of clients and of servers.
      for (const client of [ada, bob, eve]) client.on("ask", (n, done) => done(n * 2));
      assert.deepEqual(await one.server.timeout(5000).emitWithAck("ask", 21), [42, 42, 42]);
      two.server.on("sum", (numbers, done) => done(numbers.reduce((sum, n) => sum + n, 0)));
      assert.deepEqual(await one.server.serverSideEmitWithAck("sum", [1, 2, 3]), [6]);
      const told = once(two.server, "told");
      one.server.serverSideEmit("told", "something");
      assert.deepEqual(await told, ["something"]);
      const gone = once(bob, "disconnect");
      one.server.in(bob.id).disconnectSockets(true);
      await gone;
      // Namespaces are apart.
      const other = heard(ada, "news");
      two.server.of("/other").emit("news", 1);
      two.server.emit("news", 2);
      await soon(() => other.length > 0, "news");
      assert.deepEqual(other.map(([n]) => n), [2]);
      assert.deepEqual(errors, []);
    },
    { create: more?.required ? require("redmux/socket.io").createAdapter : createAdapter, ...more?.server },
  );

const RECOVERY = { server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } } };

export const sockets = [
  "socket.io",
  [
    ["rooms, answers, sockets and servers", everything({})],
    ["the same over sharded channels, required", everything({ sharded: true, prefix: "chat" }, { required: true })],
    ["the same with connection state recovery", everything({}, RECOVERY)],
    [
      "the adapter shares the connection of the program, and needs no other one",
      async ({ redis, url }) => {
        await cluster(url, {}, async (_, dial) => {
          await dial(0);
          const names = (await redis.clientList()).map(({ name }) => name).filter((name) => name.startsWith("server-"));
          assert.deepEqual(names.sort(), ["server-0", "server-1"]);
        });
        for (const end = Date.now() + 5000; (await redis.pubSubChannels()).length > 0; await sleep(10)) assert.ok(Date.now() < end, "channels are left");
      },
    ],
    [
      "in an outage members of the same server hear each other at once, and afterwards all of them",
      async ({ redis, url }) => {
        // A port that this test opens and closes: the server of Redis stays.
        const { createServer: createTcp, connect: dialTcp } = await import("node:net");
        const { hostname, port, pathname } = new URL(url);
        const sockets = new Set();
        const relay = createTcp((from) => {
          const to = dialTcp(port, hostname);
          for (const [a, b] of [[from, to], [to, from]]) {
            sockets.add(a);
            a.pipe(b);
            a.on("error", () => {}).on("close", () => b.destroy());
          }
        });
        relay.listen(0, "127.0.0.1");
        await once(relay, "listening");
        const at = relay.address().port;
        await cluster(`redis://127.0.0.1:${at}${pathname}`, {}, async ([one], dial, { known }) => {
          const [ada, eve, bob] = [await dial(0), await dial(0), await dial(1)];
          const [toEve, toBob] = [heard(eve, "said"), heard(bob, "said")];
          const closed = once(relay, "close");
          relay.close();
          for (const socket of sockets) socket.destroy();
          await closed;
          const started = performance.now();
          one.server.emit("said", "alone");
          await soon(() => toEve.length === 1, "a message of the same server");
          assert.ok(performance.now() - started < 1000);
          assert.deepEqual(toBob, []);
          relay.listen(at, "127.0.0.1");
          await once(relay, "listening");
          await known();
          await soon(() => {
            one.server.emit("said", "together");
            return toBob.some(([word]) => word === "together");
          }, "a message of the other server");
          void ada;
        });
        relay.close();
        for (const socket of sockets) socket.destroy();
        assert.equal(await redis.ping(), "PONG");
      },
    ],
    [
      "a client that was cut off gets what it missed, at another server, too",
      async ({ redis, url }) => {
        await cluster(
          url,
          {},
          async ([one, two], dial, { errors }) => {
            const ada = await dial(0, { reconnectionDelay: 50, reconnectionDelayMax: 50 });
            const bob = await dial(1);
            await ada.emitWithAck("enter", "room");
            const said = heard(ada, "said");
            one.server.to("room").emit("said", 1);
            await soon(() => said.length === 1, "the first message");
            // The connection breaks, and the client comes back to the other server.
            ada.io.uri = `http://127.0.0.1:${two.port}`;
            const lost = once(ada, "disconnect");
            ada.io.engine.close();
            await lost;
            two.server.to("room").emit("said", 2, Buffer.from("two"));
            one.server.to("other").emit("said", "not for ada");
            two.server.to("room").volatile.emit("said", "volatile");
            bob.emit("say", "room", 3);
            await once(ada, "connect");
            await soon(() => said.length >= 3, "what was missed");
            assert.ok(ada.recovered);
            assert.deepEqual(said.map(([n]) => n), [1, 2, 3]);
            assert.equal(String(said[1][1]), "two");
            // It is in its room again.
            one.server.to("room").emit("said", 4);
            await soon(() => said.length === 4, "a message after that");
            assert.ok((await redis.pTtl("socket.io#/#")) > 60_000);
            assert.deepEqual(errors, []);
          },
          RECOVERY.server,
        );
      },
    ],
    [
      "a server that is gone without a word is not waited for",
      async ({ url }) =>
        cluster(
          url,
          { heartbeatInterval: 100, heartbeatTimeout: 300 },
          async ([one, two], dial) => {
            await dial(0);
            // Its connection is lost, and it is deaf and dumb.
            two.redis.disconnect();
            for (const end = Date.now() + 10_000; (await one.server.of("/").adapter.serverCount()) > 1; await sleep(20)) assert.ok(Date.now() < end, "the server is still counted");
            assert.equal((await one.server.fetchSockets()).length, 1);
            assert.deepEqual(await one.server.serverSideEmitWithAck("sum"), []);
          },
        ),
    ],
    [
      "what is no message is reported, and harms nothing; mistakes are refused at once",
      async ({ redis, url }) => {
        await cluster(url, {}, async ([one], dial, { errors }) => {
          const ada = await dial(0);
          const said = heard(ada, "said");
          for (const text of ["", "nonsense", " 5:{}", " 900:{}", ' 4:{"a"']) await redis.publish("socket.io#/#", text);
          await soon(() => errors.length >= 4, "reports");
          for (const error of errors) assert.match(error, /^redmux\/socket\.io: a message of another server cannot be read/);
          one.server.emit("said", 1);
          await soon(() => said.length === 1, "a message");
        });
        assert.throws(() => createAdapter(), /redmux\/socket\.io: expected a client of redmux/);
        assert.throws(() => createAdapter(redis, { requestsTimeout: 1 }), /requestsTimeout is not an option/);
        assert.throws(() => createAdapter(redis, { onError: 1 }), /onError: expected a function/);
      },
    ],
  ],
];
