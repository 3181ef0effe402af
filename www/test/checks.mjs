// Shared by the checks that are programs: their environment, their steps, gateways and ports.

import { once } from "node:events";
import { createServer } from "node:net";
import { basename } from "node:path";
import { createInterface } from "node:readline";

/** A step may take a little longer than all its waits together. */
const STEP = 120_000;

/** The variables of the environment, all of which have to be there. */
export function environment(...names) {
  for (const name of names) {
    if (!process.env[name]) {
      console.error(`${basename(process.argv[1])}: ${name} is not set`);
      process.exit(2);
    }
  }
  return process.env;
}

export const results = { failures: 0 };

/** One line for each step: `ok   name` or `FAILED name: why`. */
export async function step(name, action, limit = STEP) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit / 1000} s`)), limit);
  });
  try {
    await Promise.race([action(), late]);
    console.log(`ok   ${name}`);
    return true;
  } catch (error) {
    results.failures += 1;
    console.log(`FAILED ${name}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `condition` holds, for `within` milliseconds at most. */
export async function until(condition, what, within = 20_000) {
  for (const end = Date.now() + within; !(await condition()); await pause(10)) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
  }
}

/** Asks until the answer has this status, for 20 s at most; returns the answer. */
export async function untilStatus(status, ask) {
  for (const end = Date.now() + 20_000; ; await pause(50)) {
    const answer = await ask();
    if (answer.status === status) return answer;
    check(Date.now() < end, `still ${answer.status}, not ${status}`);
  }
}

/** The port a gateway listens on, at 127.0.0.1, as it says on its standard output. */
export async function listening(gateway) {
  for await (const line of createInterface({ input: gateway.stdout })) {
    const found = /^listening addr=127\.0\.0\.1:(\d+)/.exec(line);
    if (found) return Number(found[1]);
  }
  throw new Error("the gateway ended");
}

/** A port without a listener. */
export async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  await once(server.close(), "close");
  return port;
}
