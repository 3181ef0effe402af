// The adapters of the package, from its tarball, with the packages that they are for: in Node, Bun and Deno.
//
//   REDIS=host:port   node check.mjs [name …]
//
// Prints `ok   …` or `FAILED …: why` a line; exits with 1 if any failed. The database 10 of the server is emptied.

import { rm } from "node:fs/promises";
import { join } from "node:path";

import { check, environment, results, step } from "../checks.mjs";
import { apps, next, versions } from "./apps.mjs";
import { docs } from "./docs.mjs";
import { pack, project, run, RUNTIMES, stopAll, work } from "./project.mjs";

const server = environment("REDIS").REDIS;
const url = `redis://${server}/10`;
const tsc = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
const wanted = process.argv.slice(2);

await pack();
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
  for (const [name, action] of apps) {
    for (const [where, runtime] of Object.entries(RUNTIMES)) {
      if (wanted.length === 0 || wanted.includes(`app:${name}`)) await step(`examples/${name} in ${where}`, () => action(runtime, url));
    }
  }
  if (wanted.length === 0 || wanted.includes("app:next")) await step("examples/next in node and bun", () => next(url));
} finally {
  stopAll();
}
if (results.failures === 0) await rm(work, { recursive: true, force: true });
process.exit(results.failures === 0 ? 0 : 1);
