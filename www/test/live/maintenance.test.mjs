// Servers that announce maintenance, as the package on servers meets them: a door in front of a real server pushes the notices.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial, createServer } from "node:net";
import { test } from "node:test";

import { connect, connectGroup } from "../../src/node.js";
import { redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

/** Passes everything on, says yes to those who ask for notices, and pushes notices to them. */
class Door {
  /** Connections that asked. */
  #asked = new Set();
  #sockets = new Set();
  /** What clients asked for, word by word. */
  wanted = [];
  opened = 0;

  static async before(t, port) {
    const door = new Door();
    door.listening = createServer((client) => door.#serve(client, dial(port, "127.0.0.1")));
    await once(door.listening.listen(0, "127.0.0.1"), "listening");
    door.port = door.listening.address().port;
    door.endpoint = `127.0.0.1:${door.port}`;
    t.after(() => door.shut());
    return door;
  }

  get connections() {
    return this.#asked.size;
  }

  #serve(client, server) {
    this.opened += 1;
    const pair = { client, waiting: [] };
    for (const [one, other] of [[client, server], [server, client]]) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on("error", () => {}).on("close", () => {
        this.#sockets.delete(one);
        this.#asked.delete(pair);
        other.destroy();
      });
    }
    let text = "";
    client.on("data", (data) => {
      text += data.toString("latin1");
      for (;;) {
        const words = firstCommand(text);
        if (!words) return;
        text = text.slice(words.length);
        if (words.list[0] === "CLIENT" && words.list[1] === "MAINT_NOTIFICATIONS") {
          this.wanted.push(words.list.slice(2).join(" "));
          this.#asked.add(pair);
          // Answered in its turn, with OK.
          server.write("*3\r\n$6\r\nCLIENT\r\n$8\r\nNO-EVICT\r\n$3\r\noff\r\n");
        } else {
          server.write(Buffer.from(words.raw, "latin1"));
        }
      }
    });
    server.on("data", (data) => {
      client.write(data);
      // Replies of these tests are small: what ends with a line end ends with a reply.
      if (data.toString("latin1").endsWith("\r\n")) for (const push of pair.waiting.splice(0)) client.write(push);
    });
  }

  /** Pushes a notice to all that asked, between two replies of each. */
  announce(...parts) {
    const text = parts.map((part) => (part === null ? "_\r\n" : typeof part === "number" ? `:${part}\r\n` : `$${part.length}\r\n${part}\r\n`)).join("");
    for (const pair of this.#asked) pair.waiting.push(`>${parts.length}\r\n${text}`);
  }

  shut() {
    this.listening.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The words of the first command of a text, and its length. */
function firstCommand(text) {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return null;
  let at = head[0].length;
  const list = [];
  for (let n = 0; n < Number(head[1]); n++) {
    const length = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (!length) return null;
    at += length[0].length;
    const end = at + Number(length[1]);
    if (text.length < end + 2) return null;
    list.push(text.slice(at, end));
    at = end + 2;
  }
  return { list, length: at, raw: text.slice(0, at) };
}

/** Commands that go on and on; `stop()` returns how many there were, after it was checked that each was executed once. */
function load(client, workers = 8) {
  let isOver = false;
  let count = 0;
  const work = async (worker) => {
    for (let n = 1; !isOver; n++) {
      assert.equal(await client.incr(`counter:${worker}`), n);
      count += 1;
    }
  };
  const all = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return { stop: () => ((isOver = true), all.then(() => count)), get count() { return count; } };
}

test("an endpoint that goes away is left before it does, without a command lost", LIMIT, async (t) => {
  const server = await redis(t);
  const doors = [await Door.before(t, server.port), await Door.before(t, server.port)];
  const client = await connect(`redis://${doors[0].endpoint}`, { maintenance: "required", movingEndpoint: "external-ip" });
  t.after(() => client.close());
  assert.deepEqual(doors[0].wanted, ["ON moving-endpoint-type external-ip"]);
  const events = [];
  for (const name of ["serverMaintenance", "connectionFailed", "moveFailed", "missed"]) client.on(name, (event) => events.push([name, event]));
  const heard = [];
  await client.subscribe("news", ({ payload }) => heard.push(payload));
  const work = load(client);
  for (let move = 1; move <= 10; move++) {
    const [from, to] = [doors[(move + 1) % 2], doors[move % 2]];
    const before = to.opened;
    from.announce("MOVING", move, 15, to.endpoint);
    await until(() => to.opened > before && from.connections === 0, `move ${move}`);
    const done = work.count;
    await until(() => work.count > done + 100, "work at the new endpoint");
  }
  await client.publish("news", "after");
  await until(() => heard.length === 1, "the message");
  assert.ok((await work.stop()) > 1000);
  const notices = events.filter(([name]) => name === "serverMaintenance").map(([, event]) => event);
  assert.deepEqual(events.filter(([name]) => name !== "serverMaintenance"), []);
  assert.deepEqual(notices.map(({ notificationType, sequence }) => [notificationType, sequence]), Array.from({ length: 10 }, (_, n) => ["moving", n + 1]));
  assert.equal(notices[0].newEndpoint, doors[1].endpoint);
  assert.equal(notices[0].within, 15_000);
  assert.match(notices[0].rawMessage, /^MOVING 1 15 127\.0\.0\.1:\d+$/);
});

test("commands have more time while maintenance lasts, and errors name it", LIMIT, async (t) => {
  const server = await redis(t);
  const door = await Door.before(t, server.port);
  const client = await connect(`redis://${door.endpoint}`, { maintenance: "auto", commandTimeout: 200, relaxedTimeout: 60_000, probeTimeout: 60_000 });
  t.after(() => client.disconnect());
  const notice = new Promise((resolve) => client.on("serverMaintenance", resolve));
  door.announce("FAILING_OVER", 7, 30, "shard-1");
  await client.ping();
  assert.equal((await notice).notificationType, "failingOver");
  server.child.kill("SIGSTOP");
  const patient = client.get("k");
  await assert.rejects(client.get("k", { timeout: 300 }), { kind: "timeout", message: /FAILING_OVER/ });
  server.child.kill("SIGCONT");
  assert.equal(await patient, null);
});

test("a server that does not know notices serves all the same, unless they are required", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url, { maintenance: "auto" });
  assert.equal(await client.ping(), "PONG");
  await client.close();
  await assert.rejects(connect(server.url, { maintenance: "required", connectRetry: 1 }), (error) => error.stage === "handshake" && /MAINT_NOTIFICATIONS/.test(error.message));
});

test("a member of a group moves without a switch to another member", LIMIT, async (t) => {
  const [server, far] = [await redis(t), await redis(t)];
  const doors = [await Door.before(t, server.port), await Door.before(t, server.port)];
  const group = await connectGroup([{ name: "near", url: doors[0].endpoint, weight: 2 }, { name: "far", url: far.url }], { maintenance: "auto", probeInterval: 200 });
  t.after(() => group.close());
  const switches = [];
  group.on("activeMemberChanged", (event) => switches.push(event));
  const work = load(group, 2);
  doors[0].announce("MOVING", 1, 15, doors[1].endpoint);
  await until(() => doors[0].connections === 0 && doors[1].opened > 0, "the move");
  const done = work.count;
  await until(() => work.count > done + 100, "work at the new endpoint");
  await work.stop();
  assert.equal(group.group.active, "near");
  assert.deepEqual(switches, []);
});
