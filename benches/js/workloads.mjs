// What is measured. `operation` gives how many operations it was, if not one.

const KEYS = 1000;
const key = (turn) => `key:${turn % KEYS}`;

function mixed(tasks, size) {
  const value = "x".repeat(size);
  return {
    tasks,
    prepare: (client) => fill(client, value),
    operation: async (client, turn) => {
      if (turn % 2 === 0) await client.set(key(turn), value);
      else if ((await client.get(key(turn))).length !== size) throw new Error("a wrong value");
    },
  };
}

async function fill(client, value) {
  await Promise.all(Array.from({ length: KEYS }, (_, n) => client.set(key(n), value)));
}

const BINARY = Uint8Array.from({ length: 64 }, (_, n) => 255 - n);

export const WORKLOADS = {
  "GET+SET 64 B, 1": mixed(1, 64),
  "GET+SET 64 B, 64": mixed(64, 64),
  "GET+SET 64 B, 512": mixed(512, 64),
  "binary GET+SET 64 B, 64": {
    tasks: 64,
    prepare: async (client) => {
      // The others take Buffers, which browsers have none of.
      const value = globalThis.Buffer ? Buffer.from(BINARY) : BINARY;
      await fill(client, value);
      return value;
    },
    operation: async (client, turn, value) => {
      if (turn % 2 === 0) await client.set(key(turn), value);
      else if ((await client.getBytes(key(turn))).length !== 64) throw new Error("a wrong value");
    },
  },
  "MGET of 100, 8": {
    tasks: 8,
    prepare: async (client) => {
      await fill(client, "x".repeat(64));
      return Array.from({ length: 100 }, (_, n) => key(n));
    },
    operation: async (client, _, keys) => {
      if ((await client.mget(keys)).length !== 100) throw new Error("a wrong number of values");
    },
  },
  "HGETALL of 100, 8": {
    tasks: 8,
    operation: async (client) => {
      const hash = await client.hgetall("hash");
      if (hash.field99 === undefined) throw new Error("a field is missing");
    },
  },
  "GET of 1 MiB, 1": {
    tasks: 1,
    prepare: (client) => client.set("large", "x".repeat(1 << 20)),
    operation: async (client) => {
      if ((await client.get("large")).length !== 1 << 20) throw new Error("a wrong value");
    },
  },
  "SET of 1 MiB, 1": {
    tasks: 1,
    prepare: () => "x".repeat(1 << 20),
    operation: async (client, _, value) => {
      await client.set("large", value);
    },
  },
  "messages of 64 B": {
    tasks: 1,
    prepare: async (client) => {
      const state = { seen: 0, wake: () => {} };
      await client.subscribe("channel", () => {
        state.seen += 1;
        state.wake();
      });
      return state;
    },
    operation: async (client, _, state) => {
      const target = state.seen + 200;
      const arrived = new Promise((resolve) => {
        state.wake = () => state.seen >= target && resolve();
      });
      const payload = "x".repeat(64);
      for (let n = 0; n < 200; n++) client.publish("channel", payload);
      await arrived;
      return 200;
    },
  },
};
