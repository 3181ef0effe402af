// Takes jobs until it is stopped; what it has begun, it ends.

import { setTimeout as sleep } from "node:timers/promises";

import { Worker } from "bullmq";

import { connection, prefix, QUEUE } from "./connection.js";

const options = { connection, prefix, concurrency: 4, lockDuration: 3000, stalledInterval: 1000 };
const worker = new Worker(QUEUE, work, options);

async function work(job) {
  if (job.data.fails && job.attemptsMade === 0) throw new Error("the first attempt fails");
  await job.updateProgress(50);
  await sleep(job.data.milliseconds ?? 10);
  return { image: job.data.image, by: process.pid };
}

worker.on("completed", (job) => console.log(`completed ${job.id}`));
worker.on("failed", (job, error) => console.log(`failed ${job?.id}: ${error.message}`));
worker.on("error", (error) => console.error(error.message));
await worker.waitUntilReady();
console.log("ready");

process.once("SIGTERM", async () => {
  await worker.close();
  await connection.quit();
});
