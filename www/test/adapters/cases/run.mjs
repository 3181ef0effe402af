// Runs the cases; prints a line for each, and exits with 1 if any failed.

import { createRequire } from "node:module";

import { connect } from "redmux";

import { keyv } from "./keyv.mjs";
import { next } from "./next.mjs";
import { sessions } from "./sessions.mjs";
import { sockets } from "./sockets.mjs";
import { unstorage } from "./unstorage.mjs";

const url = process.env.REDIS_URL;
const wanted = (process.env.WANTED ?? "").split(" ").filter(Boolean);
const require = createRequire(import.meta.url);
let failed = 0;

for (const [name, steps] of [keyv, unstorage, sessions, sockets, next]) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const [what, action] of steps) {
    const redis = await connect(url);
    await redis.flushDb();
    const late = setTimeout(() => (console.log(`FAILED ${name}: ${what}: not done after 30 s`), process.exit(1)), 30_000);
    try {
      await action({ redis, url, require });
      console.log(`ok   ${name}: ${what}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}: ${what}: ${error.stack}`);
    }
    clearTimeout(late);
    await redis.close();
  }
}
process.exit(failed === 0 ? 0 : 1);
