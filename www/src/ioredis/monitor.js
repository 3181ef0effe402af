// MONITOR: what a server executes.

/** @import { Link, Monitored } from "./link.js" */

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { Command } from "./command.js";

/**
 * Calls `begin` when the server has begun to show its commands, and `show` with each, until the signal.
 * @param {Link} link
 * @param {AbortSignal} signal
 * @param {{ begin: () => void, show: (line: Monitored) => void }} to
 */
export async function shown(link, signal, { begin, show }) {
  // The server does not say when it begins: a command that comes back does.
  const mark = `redmux-${randomUUID()}`;
  const over = new AbortController();
  const end = AbortSignal.any([signal, over.signal]);
  let begun = false;
  const ask = async () => {
    while (!begun && !end.aborted) {
      await link.execute(new Command("echo", [mark]), undefined);
      await sleep(5);
    }
  };
  const asked = ask();
  asked.catch(() => over.abort());
  try {
    for await (const line of link.monitor(end)) {
      if (line.args[1] !== mark) {
        if (begun) show(line);
      } else if (!begun) {
        begun = true;
        begin();
      }
    }
  } catch (error) {
    await asked;
    if (!signal.aborted) throw error;
  }
}
