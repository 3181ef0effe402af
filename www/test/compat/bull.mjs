// Bull, the older BullMQ: three connections that it makes itself.

import assert from "node:assert/strict";

import Queue from "bull";

export const bull = [
  "bull",
  [
    [
      "jobs are processed, delayed, tried again, and counted",
      async (client, { required }) => {
        const createClient = (type) => client(type === "client" ? {} : { maxRetriesPerRequest: null, enableReadyCheck: false }, required);
        const queue = new Queue("jobs", { createClient });
        queue.on("error", (error) => console.log(`bull: ${error.message}`));
        try {
          queue.process(4, async (job) => {
            if (job.data.fails && job.attemptsMade === 0) throw new Error("once");
            return job.data.n * 2;
          });
          const jobs = await Promise.all([
            ...Array.from({ length: 20 }, (_, n) => queue.add({ n })),
            queue.add({ n: 20 }, { delay: 200 }),
            queue.add({ n: 21, fails: true }, { attempts: 2, backoff: 50 }),
          ]);
          assert.deepEqual(await Promise.all(jobs.map((job) => job.finished())), Array.from({ length: 22 }, (_, n) => n * 2));
          assert.equal((await queue.getJobCounts()).completed, 22);
          await queue.pause();
          await queue.add({ n: 1 });
          assert.equal((await queue.getJobCounts()).paused, 1);
          await queue.empty();
        } finally {
          await queue.close();
        }
      },
    ],
  ],
];
