// The adapters of the package, from its tarball, with the packages that they are for: in Node, Bun and Deno.
//
//   REDIS=host:port   node check.mjs [name …]
//
// Prints `ok   …` or `FAILED …: why` a line; exits with 1 if any failed. The databases 10 to 14 of the server are emptied. Most steps wait,
// so that the apps run at the same time.

import { rm } from "node:fs/promises";
import { join } from "node:path";

import { connect } from "../../esm/node.js";
import { check, environment, results, step } from "../checks.mjs";
import { apps, next, versions } from "./apps.mjs";
import { docs } from "./docs.mjs";
import { pack, project, run, RUNTIMES, stopAll, work } from "./project.mjs";

const server = environment("REDIS").REDIS;
const url = `redis://${server}/10`;
const tsc = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
const wanted = process.argv.slice(2);

await pack();
for (const database of [10, 11, 12, 13, 14]) {
  const redis = await connect(`redis://${server}/${database}`);
  await redis.flushDb();
  await redis.close();
}
try {
  const folder = await project("cases", join(import.meta.dirname, "cases"));
  for (const [name, program] of Object.entries(RUNTIMES)) {
    if (wanted.length > 0 && wanted.every((one) => one.startsWith("app:"))) break;
    await step(`adapters in ${name}`, async () => {
      const said = await run(program, "run.mjs", folder, { REDIS_URL: url, WANTED: wanted.join(" ") }).catch((error) => error);
      console.log(String(said.stack ?? said).trim().replaceAll(/^/gm, "     "));
      check(typeof said === "string", "see above");
    });
  }
  if (wanted.length === 0 || wanted.includes("types")) {
    for (const module of ["nodenext", "commonjs"]) {
      const how = ["--noEmit", "--strict", "--target", "es2022", "--esModuleInterop", "--skipLibCheck", "--module", module, "--moduleResolution", module === "nodenext" ? module : "node10"];
      await step(`types, ${module}`, () => run([process.execPath, tsc, ...how], "types.ts", folder));
    }
  }
  for (const [heading, action] of docs) {
    if (wanted.length === 0 || wanted.includes("docs")) await step(`docs/adapters.md: ${heading}`, () => action(folder, `${server}/10`, heading));
  }
  await step("examples: versions", versions);
  const isWanted = (name) => wanted.length === 0 || wanted.includes(`app:${name}`);
  /** Runs an app in each runtime; each has a database of its own, from 11 on. */
  const inEach = (name, each) => Object.entries(RUNTIMES).map(([where, runtime], number) => () => step(`examples/${name} in ${where}`, () => each(runtime, `redis://${server}/${11 + number}`, where)));
  const together = [];
  for (const [name, action] of Object.entries(apps).filter(([name]) => isWanted(name))) {
    const steps = inEach(name, action);
    // The channels of all databases are the same.
    if (name === "socket.io") together.push((async () => { for (const one of steps) await one(); })());
    else together.push(...steps.map((one) => one()));
  }
  if (isWanted("next")) together.push(step("examples/next in node and bun", () => next(`redis://${server}/14`)));
  await Promise.all(together);
} finally {
  stopAll();
}
if (results.failures === 0) await rm(work, { recursive: true, force: true });
process.exit(results.failures === 0 ? 0 : 1);
