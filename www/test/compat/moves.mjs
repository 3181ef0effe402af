// The tables of docs/from-ioredis.md and docs/from-node-redis.md. Each line is run with the client that it is about and with this
// package, against the same data; both give the same, or what the third column says. Lines of ioredis run with `redmux/ioredis` too.
//
//   REDIS_SERVER=program REDIS_8=program REDIS_STACK=program OPENSSL=program   node moves.mjs [ioredis | node-redis [line]]
//
// Prints a line for each section, and for each row that failed; exits with 1 if any failed.

import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";

import { environment } from "../checks.mjs";
import { ioredis, nodeRedis } from "./clients.mjs";
import { servers } from "./places.mjs";
import { difference, plain, rows, run, shown } from "./tables.mjs";

environment("REDIS_SERVER", "REDIS_8", "REDIS_STACK", "OPENSSL");
const [wanted, only] = process.argv.slice(2);
/** Long enough for a machine that is busy. */
const LIMIT = 60_000;

let failures = 0;
let count = 0;
/** Lines of node-redis with the import changed alone: how many give the same, what the table says, something else, or an error. */
const habits = { same: 0, own: 0, other: 0, refused: 0 };
const places = servers();

async function within(promise, what) {
  const timer = new AbortController();
  const late = sleep(LIMIT, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error(`${what} takes more than ${LIMIT / 1000} s`)));
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** The value of a program with new clients of this kind, on new data. */
async function value(kind, program, place) {
  await place.reset();
  const clients = await kind.open(place);
  try {
    // The ports of the documents are those of servers that do not run here.
    const text = place.here(program);
    // Options are those of a client that works.
    const working = async () => (text.startsWith("{ ") ? clients.with(await run(text, clients.scope)) : run(text, clients.scope));
    const result = await within(working(), program);
    // A client says that it works.
    if (typeof result?.ping !== "function") return plain(result);
    const said = await within(result.ping(), program);
    if (typeof result.disconnect === "function") result.disconnect();
    return said;
  } finally {
    await clients.close();
  }
}

async function check({ theirs, ours, note }, rival, place) {
  const results = {};
  if (theirs !== null && !note.startsWith("not run")) {
    for (const kind of rival.kinds) {
      if (kind.name !== rival.kinds[0].name && note.includes(`\`${kind.name}\`: no`)) continue;
      results[kind.name] = await value(kind, theirs, place).catch((error) => Promise.reject(new Error(`${kind.name}: ${error.stack}`)));
    }
  }
  const different = difference(note);
  const [first, ...others] = Object.entries(results);
  for (const [name, other] of others) {
    if (!isDeepStrictEqual(first[1], other)) throw new Error(`${name} gives ${shown(other)}, and not ${shown(first[1])}`);
  }
  const own = ours === null ? undefined : await value(rival.own, ours, place);
  if (rival.habit && first) {
    const { got, error } = await value(rival.habit, theirs, place).then((got) => ({ got }), (error) => ({ error }));
    const how = error ? "refused" : isDeepStrictEqual(got, first[1]) ? "same" : ours !== null && isDeepStrictEqual(got, own) ? "own" : "other";
    habits[how] += 1;
    if (how !== "same" && note === "" && ours === theirs) throw new Error(`with the import changed it gives ${shown(error?.message ?? got)}, and not ${shown(first[1])}`);
  }
  if (ours === null) return;
  if (different) {
    if (first && !isDeepStrictEqual(first[1], different.theirs)) throw new Error(`${first[0]} gives ${shown(first[1])}, and the note says ${shown(different.theirs)}`);
    if (!isDeepStrictEqual(own, different.ours)) throw new Error(`this package gives ${shown(own)}, and the note says ${shown(different.ours)}`);
  } else if (first && !isDeepStrictEqual(first[1], own)) {
    throw new Error(`${first[0]} gives ${shown(first[1])}, and this package ${shown(own)}`);
  }
}

for (const [name, rival] of [["ioredis", ioredis], ["node-redis", nodeRedis]]) {
  if (wanted && wanted !== name) continue;
  let section = "";
  for (const row of rows(`from-${name}.md`)) {
    if (only && row.line !== Number(only)) continue;
    if (row.section !== section) console.log(`${name}: ${(section = row.section)}`);
    count += 1;
    try {
      await check(row, rival, await places.get(row.server));
    } catch (error) {
      failures += 1;
      console.log(`FAILED docs/from-${name}.md:${row.line}: ${row.theirs ?? row.ours}: ${error.message.split("\n").slice(0, only ? 20 : 2).join(" ")}`);
    }
  }
}
// Clients that programs have left open lose their servers.
process.on("uncaughtException", () => {});
await places.stop();
console.log(`import changed: ${shown(habits)}`);
console.log(`${failures === 0 ? "ok  " : "FAILED"} ${count} rows, ${failures} of them failed`);
process.exit(failures === 0 ? 0 : 1);
