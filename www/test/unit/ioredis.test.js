// What `redmux/ioredis` does before anything is sent.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ServerError } from "../../src/errors.js";
import { Command } from "../../src/ioredis/command.js";
import { closed, connectError, ReplyError, translated } from "../../src/ioredis/errors.js";
import Redis, { Cluster, Pipeline } from "../../src/ioredis/index.js";
import { keyPlaces } from "../../src/ioredis/keys.js";
import { COMMANDS, wireName } from "../../src/ioredis/names.js";
import { parseOptions, parseUrl, toConnect, toConnectCluster } from "../../src/ioredis/options.js";
import { readerFor } from "../../src/ioredis/values.js";

const { signal } = new AbortController();

test("the types name every command, and no other", () => {
  const types = readFileSync(new URL("../../src/ioredis.d.ts", import.meta.url), "utf8");
  const named = ["Replies", "DataReplies"].flatMap((name) => {
    const [, body] = types.match(new RegExp(`^interface ${name} \\{\\n(.*?)^\\}`, "ms"));
    return [...body.matchAll(/(?:^|; *)\s*"?([a-z_-]+)"?: /gm)].map(([, command]) => command);
  });
  // These have types of their own.
  const wanted = COMMANDS.filter((name) => !["exec", "multi"].includes(name));
  assert.deepEqual([...new Set(named)].sort(), [...new Set(wanted)].sort());
});

test("every command is a method, with a twin for Buffers, of clients and of pipelines", () => {
  for (const { prototype } of [Redis, Cluster, Pipeline]) {
    for (const name of COMMANDS) for (const method of [name, `${name}Buffer`]) assert.equal(typeof prototype[method], "function", method);
  }
  assert.equal(wireName("hset"), "HSET");
  assert.equal(wireName("HSet"), "HSET");
  assert.equal(wireName("json.get"), "json.get", "a name that is not known is sent as it is");
});

test("the keys of a command are found wherever they are", () => {
  const places = {
    "get k": [0],
    "ping x": [],
    "mset a 1 b 2": [0, 2],
    "del a b c": [0, 1, 2],
    "blpop a b 0": [0, 1],
    "eval script 2 a b x": [2, 3],
    "zunionstore d 2 a b WEIGHTS 1 2": [0, 2, 3],
    "zinter 2 a b WITHSCORES": [1, 2],
    "lmpop 1 a LEFT": [1],
    "bzmpop 0 2 a b MIN": [2, 3],
    "xread COUNT 1 STREAMS a b 0 0": [3, 4],
    "xreadgroup GROUP g c streams a >": [4],
    "bitop AND d a b": [1, 2, 3],
    "object ENCODING k": [1],
    "sort k BY w* LIMIT 0 5 GET # GET o* STORE d": [0, 2, 9, 11],
    "georadius k 1 2 3 m STORE d": [0, 6],
    "migrate host 1 k 0 5": [2],
    "migrate host 1 0 5 KEYS a b": [5, 6],
    "rename a b": [0, 1],
    "spublish channel m": [0],
    "unheardof k v": [0],
    "eval script": [],
  };
  for (const [line, wanted] of Object.entries(places)) {
    const [name, ...args] = line.split(" ");
    assert.deepEqual(keyPlaces(name, args).sort((one, other) => one - other), wanted, line);
  }
});

test("arguments become words, and a prefix is put in front of keys", () => {
  const words = (...args) => new Command(...args).args;
  assert.deepEqual(words("set", ["k", null, undefined, 1.5, true, 2n, 1e21]), ["k", "", "", "1.5", "true", "2", "1000000000000000000000"]);
  assert.deepEqual(words("sadd", ["k", ["a", "b"], "c"]), ["k", "a", "b", "c"]);
  assert.deepEqual(words("hset", ["k", { a: 1, b: 2 }]), ["k", "a", "1", "b", "2"]);
  assert.deepEqual(words("mset", [new Map([["a", 1]])]), ["a", "1"]);
  const bytes = Buffer.from([0xff]);
  assert.equal(words("set", ["k", bytes])[1], bytes);
  assert.deepEqual(words("mget", ["a", Buffer.from("b")], { keyPrefix: "p:" }), ["p:a", Buffer.from("p:b")]);
  assert.deepEqual(words("mget", ["a"], { keyPrefix: Buffer.from("p:") }), [Buffer.from("p:a")]);
});

test("commands that may wait on the server are known", () => {
  const waits = (line) => new Command(line.split(" ")[0], line.split(" ").slice(1)).isBlocking;
  for (const line of ["blpop q 0", "BZPOPMIN q 0", "xread BLOCK 0 STREAMS s $", "xreadgroup GROUP g c block 5 STREAMS s >", "wait 1 0"]) assert.equal(waits(line), true, line);
  for (const line of ["lpop q", "xread STREAMS block 0", "xread COUNT 1 STREAMS s 0", "get blpop"]) assert.equal(waits(line), false, line);
});

test("options are read from ports, hosts, paths, URLs and objects", () => {
  const some = (...args) => {
    const { host, port, path, username, password, db, family, tls } = parseOptions(args);
    return JSON.parse(JSON.stringify({ host, port, path, username, password, db, family, tls }));
  };
  const usual = { host: "localhost", port: 6379, username: null, password: null, db: 0, family: 0 };
  assert.deepEqual(some(), usual);
  assert.deepEqual(some(7000, "example.com", { db: 2 }), { ...usual, port: 7000, host: "example.com", db: 2 });
  assert.deepEqual(some("7000"), { ...usual, port: 7000 });
  assert.deepEqual(some("/tmp/redis.sock?db=3"), { ...usual, path: "/tmp/redis.sock", db: 3 });
  assert.deepEqual(some("rediss://ada:p%40ss@[::1]:7000/4?family=6"), { ...usual, host: "::1", port: 7000, username: "ada", password: "p@ss", db: 4, family: 6, tls: true });
  assert.deepEqual(some("redis://:secret@db"), { ...usual, host: "db", username: "", password: "secret" });
  assert.deepEqual(some("db:7000"), { ...usual, host: "db", port: 7000 });
  assert.deepEqual(some({ port: "7000", db: "2" }), { ...usual, port: 7000, db: 2 });
  assert.throws(() => parseUrl("redis://:secret@:x"), (error) => !error.message.includes("secret"));
  assert.throws(() => parseOptions([{ replyMapping: "resp3" }]), /shapes of RESP2/);
});

test("the client of the package is opened with what the options say", () => {
  const connect = (...args) => toConnect(parseOptions(args), signal);
  const [url, options] = connect("redis://ada:secret@db:7000/2", { commandTimeout: 100, disableClientInfo: true });
  assert.equal(url, "redis://db:7000");
  const { username, password, database, protocol, connectTimeout, commandTimeout, libraryInfo, tls } = options;
  assert.deepEqual({ username, password, database, protocol, connectTimeout, commandTimeout, libraryInfo, tls }, {
    username: "ada", password: "secret", database: 2, protocol: 2, connectTimeout: 10_000, commandTimeout: 100, libraryInfo: false, tls: undefined,
  });
  assert.equal(options.reconnect(), false, "connecting again is the business of this layer");
  assert.equal(connect({ host: "::1", family: 6 })[0], "redis://[::1]:6379?family=6");
  assert.equal(connect("/tmp/a b")[0], "unix:/tmp/a%20b");
  assert.deepEqual(connect({ tls: { servername: "x" } })[1].tls, { servername: "x" });
  const [servers, sentinel] = connect({ sentinels: [{ host: "s1", port: 1 }, {}], name: "main", role: "slave", sentinelPassword: "x" });
  assert.deepEqual(servers, [{ host: "s1", port: 1 }, { host: "localhost", port: 26379 }]);
  assert.deepEqual([sentinel.mode, sentinel.serviceName, sentinel.readFrom, sentinel.sentinelPassword], ["sentinel", "main", "replica", "x"]);
  assert.equal(sentinel.reconnect, undefined, "a sentinel that is away is no reason to give up");
  const natMap = { "10.0.0.5:7000": { host: "127.0.0.1", port: 7000 } };
  assert.deepEqual(connect({ sentinels: [{}], name: "main", natMap })[1].endpointMap, { "10.0.0.5:7000": "127.0.0.1:7000" });
  const { endpointMap } = connect({ sentinels: [{}], name: "main", natMap: (address) => (address === "a:1" ? { host: "b", port: 2 } : null) })[1];
  assert.deepEqual([endpointMap("a", 1), endpointMap("c", 1)], [{ host: "b", port: 2 }, undefined]);
  assert.equal(connect({ clientInfoTag: "web" })[1].libraryName, "redmux(web)");
  const cluster = new Cluster([7000, "redis://:secret@b:7001", { host: "c" }], { lazyConnect: true, scaleReads: "all", natMap, redisOptions: { commandTimeout: 5 } });
  const [nodes, of] = toConnectCluster(cluster.options, signal);
  assert.deepEqual(nodes, [{ host: "127.0.0.1", port: 7000 }, { host: "b", port: 7001 }, { host: "c", port: 6379 }]);
  assert.deepEqual([of.mode, of.readFrom, of.commandTimeout, of.reconnect], ["cluster", "preferReplica", 5, undefined]);
  assert.deepEqual(of.endpointMap, { "10.0.0.5:7000": "127.0.0.1:7000" });
});

test("replies are texts or Buffers, and numbers as the options say", () => {
  const shape = (value, encoding, stringNumbers = false) => readerFor(encoding, stringNumbers).shape(value);
  const bytes = new Uint8Array([0x61, 0xff]);
  assert.deepEqual(shape(["OK", 1, null, ["a"], 2n ** 53n + 1n], "utf8"), ["OK", 1, null, ["a"], 9007199254740992]);
  assert.deepEqual(shape([1, 2n ** 53n + 1n], "utf8", true), ["1", "9007199254740993"]);
  assert.deepEqual(shape(["OK", bytes], null), [Buffer.from("OK"), Buffer.from(bytes)]);
  assert.equal(shape(bytes, "hex"), "61ff");
  assert.deepEqual(shape(new Map([["a", 1]]), "utf8"), ["a", 1]);
  assert.ok(shape([new ServerError("x", { serverText: "ERR y" })], "utf8")[0] instanceof ReplyError);
});

test("errors have the messages that programs compare, and this package's error as their cause", () => {
  const server = new ServerError("server answered SET: …", { serverText: "ERR no", serverCode: "ERR" });
  const reply = translated(server, new Command("set", ["k", "secret"]));
  assert.equal(reply.message, "ERR no");
  assert.equal(reply.cause, server);
  assert.deepEqual(reply.command.args, ["k", "secret"]);
  assert.ok(!JSON.stringify(reply).includes("secret"));
  assert.equal(closed().message, "Connection is closed.");
  const auth = connectError({ message: "AUTH: cannot connect (authentication) [redis://x]: the server refused the user name or password: WRONGPASS no: never" });
  assert.ok(auth instanceof ReplyError);
  assert.equal(auth.message, "WRONGPASS no: never");
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  assert.equal(connectError({ message: "cannot connect", cause: refused }), refused);
});
