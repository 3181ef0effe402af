// The client that queues and workers share in a process.

import Redis from "redmux/ioredis";

// A worker waits for jobs without end.
export const connection = new Redis(process.env.REDIS_URL ?? "redis://localhost:6379", { maxRetriesPerRequest: null });
connection.on("error", (error) => console.error(error.message));

export const QUEUE = "thumbnails";
export const prefix = "example:jobs";
