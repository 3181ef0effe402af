// Adds jobs, and prints what they return.

import { Queue, QueueEvents } from "bullmq";

import { connection, prefix, QUEUE } from "./connection.js";

const count = Number(process.argv[2] ?? 3);
const milliseconds = Number(process.env.MILLISECONDS ?? 10);
const queue = new Queue(QUEUE, { connection, prefix });
// Events are read by a command that waits: BullMQ duplicates the client for it.
const events = new QueueEvents(QUEUE, { connection, prefix });
for (const each of [queue, events]) each.on("error", (error) => console.error(error.message));
await events.waitUntilReady();

const jobs = await queue.addBulk(
  Array.from({ length: count }, (_, n) => ({
    name: "thumbnail",
    data: { image: `${n}.png`, fails: n === 0, milliseconds },
    opts: { attempts: 2, backoff: 100, removeOnComplete: { age: 3600 } },
  })),
);
for (const job of jobs) {
  const { image, by } = await job.waitUntilFinished(events, 60_000);
  console.log(`${image} by ${by}`);
}
await Promise.all([queue.close(), events.close()]);
await connection.quit();
