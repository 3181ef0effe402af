// BullMQ: queues, workers, flows, events.

import assert from "node:assert/strict";

import { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } from "bullmq";

/** Runs `action` with classes of BullMQ whose connections are those of `client`; everything is closed afterwards. */
async function using(client, action) {
  const made = [];
  const make = (Class, ...args) => {
    const options = { connection: client({ maxRetriesPerRequest: null }) };
    const last = typeof args.at(-1) === "object" ? args.pop() : {};
    const one = new Class(...args, { ...options, ...last });
    one.on("error", (error) => console.log(`${Class.name}: ${error.message}`));
    made.push(one);
    return one;
  };
  try {
    await action(make);
  } finally {
    for (const one of made.reverse()) await one.close();
  }
}

/** Resolves when `emitter` has emitted `count` of these; with their first arguments. */
function events(emitter, name, count) {
  const got = [];
  return new Promise((resolve) => {
    emitter.on(name, (first) => {
      got.push(first);
      if (got.length === count) resolve(got);
    });
  });
}

export const bullmq = [
  "bullmq",
  [
    [
      "jobs are processed, and their results are read back",
      (client) =>
        using(client, async (make) => {
          const queue = make(Queue, "results");
          const seen = make(QueueEvents, "results");
          await seen.waitUntilReady();
          const worker = make(Worker, "results", async (job) => job.data.n * 2, { concurrency: 4 });
          await worker.waitUntilReady();
          const jobs = await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: "double", data: { n } })));
          const values = await Promise.all(jobs.map((job) => job.waitUntilFinished(seen, 20_000)));
          assert.deepEqual(values, Array.from({ length: 50 }, (_, n) => n * 2));
          assert.deepEqual(await queue.getJobCounts("completed", "failed", "waiting"), { completed: 50, failed: 0, waiting: 0 });
          assert.equal((await queue.getWorkers()).length, 1);
        }),
    ],
    [
      "delayed jobs wait, priorities count, and a rate limit holds",
      (client) =>
        using(client, async (make) => {
          const queue = make(Queue, "order");
          const started = Date.now();
          await queue.add("late", { n: 3 }, { delay: 500 });
          await queue.add("low", { n: 2 }, { priority: 10 });
          await queue.add("high", { n: 1 }, { priority: 1 });
          const order = [];
          const worker = make(Worker, "order", async (job) => void order.push([job.name, Date.now() - started]), { limiter: { max: 1, duration: 100 } });
          await events(worker, "completed", 3);
          assert.deepEqual(order.map(([name]) => name), ["high", "low", "late"]);
          assert.ok(order[1][1] - order[0][1] >= 90, `the rate limit: ${order}`);
          assert.ok(order[2][1] >= 500, `the delay: ${order}`);
        }),
    ],
    [
      "failed jobs are tried again, with backoff, and some are not",
      (client) =>
        using(client, async (make) => {
          const queue = make(Queue, "retries");
          const worker = make(Worker, "retries", async (job) => {
            if (job.name === "hopeless") throw new UnrecoverableError("hopeless");
            if (job.attemptsMade < 2) throw new Error("not yet");
            return "at last";
          });
          const failed = events(worker, "failed", 3);
          const completed = events(worker, "completed", 1);
          await queue.add("patient", {}, { attempts: 3, backoff: { type: "fixed", delay: 50 } });
          await queue.add("hopeless", {}, { attempts: 3 });
          assert.equal((await failed).filter(({ name }) => name === "hopeless").length, 1);
          assert.equal((await completed)[0].returnvalue, "at last");
        }),
    ],
    [
      "a flow ends with its parent, which has what the children returned",
      (client) =>
        using(client, async (make) => {
          const flows = make(FlowProducer, {});
          const seen = make(QueueEvents, "parents");
          await seen.waitUntilReady();
          make(Worker, "children", async (job) => job.data.n);
          make(Worker, "parents", async (job) => Object.values(await job.getChildrenValues()).reduce((sum, n) => sum + n, 0));
          const children = [1, 2, 3].map((n) => ({ name: "child", queueName: "children", data: { n } }));
          const { job } = await flows.add({ name: "sum", queueName: "parents", children });
          assert.equal(await job.waitUntilFinished(seen, 20_000), 6);
        }),
    ],
    [
      "a job whose worker is gone is taken by another",
      (client) =>
        using(client, async (make) => {
          const queue = make(Queue, "stalled");
          const own = { lockDuration: 300, stalledInterval: 300 };
          let begun;
          const taken = new Promise((resolve) => (begun = resolve));
          const lost = new Worker("stalled", () => begun() ?? new Promise(() => {}), { connection: client({ maxRetriesPerRequest: null }), ...own, skipLockRenewal: true, skipStalledCheck: true });
          lost.on("error", () => {});
          await queue.add("job", {});
          await taken;
          await lost.close(true);
          const worker = make(Worker, "stalled", async () => "rescued", own);
          const [job] = await events(worker, "completed", 1);
          assert.equal(job.returnvalue, "rescued");
        }),
    ],
    [
      "a queue pauses, goes on, repeats by schedule, and is obliterated",
      (client) =>
        using(client, async (make) => {
          const queue = make(Queue, "schedule");
          await queue.pause();
          await queue.upsertJobScheduler("tick", { every: 100 }, { name: "tick" });
          const worker = make(Worker, "schedule", async () => {});
          await worker.waitUntilReady();
          const ticks = events(worker, "completed", 3);
          await queue.resume();
          await ticks;
          await queue.removeJobScheduler("tick");
          await worker.close();
          await queue.obliterate({ force: true });
          assert.equal(await queue.count(), 0);
        }),
    ],
    [
      "a worker goes on after its connections were cut",
      (client) =>
        using(client, async (make) => {
          const queue = make(Queue, "cut");
          const worker = make(Worker, "cut", async (job) => job.data.n);
          await worker.waitUntilReady();
          const first = events(worker, "completed", 1);
          await queue.add("job", { n: 1 });
          await first;
          await client({ db: 0 }).client("KILL", "TYPE", "normal", "SKIPME", "yes");
          const second = events(worker, "completed", 1);
          await queue.add("job", { n: 2 });
          assert.equal((await second)[0].returnvalue, 2);
        }),
    ],
  ],
];
