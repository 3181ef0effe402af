// `redmux/next` as Next calls it; `../next.mjs` runs it inside of Next.

import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "redmux";
import { createCacheHandler, createComponentsCacheHandler } from "redmux/next";

const page = (html, tags, more) => ({
  kind: "APP_PAGE",
  html,
  rscData: Buffer.from(`rsc of ${html}`),
  segmentData: new Map([["/_tree", Buffer.from([0, 255])]]),
  headers: { "x-next-cache-tags": tags },
  status: 200,
  ...more,
});
const fetched = (body, tags) => ({ kind: "FETCH", data: { headers: {}, body, status: 200, url: "" }, tags, revalidate: 60 });
const PAGE = { kind: "APP_PAGE", isFallback: false };
const FETCH = { kind: "FETCH", tags: ["t"], softTags: ["_N_T_/"], revalidate: 60 };
const CONTROL = { cacheControl: { revalidate: 60, expire: 3600 } };
const entry = (text, tags, more) => ({ value: new Response(text).body, tags, stale: 30, timestamp: Date.now(), expire: 3600, revalidate: 60, ...more });
/** Long compared with a round trip: when an entry is made is known to that. */
const SOON = 50;
const text = async (found) => found && new Response(found.value).text();

export const next = [
  "next",
  [
    [
      "pages are kept with their bytes, for all instances of a build, until they expire",
      async ({ redis }) => {
        const folder = await mkdtemp(join(tmpdir(), "redmux-next-"));
        await mkdir(join(folder, "server"));
        await writeFile(join(folder, "BUILD_ID"), "build-1");
        try {
          const Handler = createCacheHandler({ client: redis });
          const [one, two, old] = [new Handler({ serverDistDir: join(folder, "server") }), new Handler({ serverDistDir: join(folder, "server") }), new Handler({})];
          await one.set("/a", page("<p>a</p>", "x,_N_T_/a"), CONTROL);
          const found = await two.get("/a", PAGE);
          assert.equal(found.value.html, "<p>a</p>");
          assert.ok(Buffer.isBuffer(found.value.rscData));
          assert.equal(String(found.value.rscData), "rsc of <p>a</p>");
          assert.deepEqual([...found.value.segmentData.get("/_tree")], [0, 255]);
          assert.deepEqual(found.cacheControl, CONTROL.cacheControl);
          assert.ok(Math.abs(found.lastModified - Date.now()) < 5000);
          assert.equal(await old.get("/a", PAGE), null);
          const [key] = await redis.keys("*");
          assert.equal(key, "next:entry:build-1:/a");
          assert.ok(Math.abs((await redis.ttl(key)) - 3600) <= 1);
          await one.set("/gone", null, CONTROL);
          assert.equal((await two.get("/gone", PAGE)).value, null);
        } finally {
          await rm(folder, { recursive: true });
        }
      },
    ],
    [
      "a tag that is revalidated ends what was made before, and nothing that is made later",
      async ({ redis }) => {
        const Handler = createCacheHandler({ client: redis, keyPrefix: "app:" });
        const [one, two] = [new Handler(), new Handler()];
        /** As Next makes one for each request. */
        const get = (...args) => new Handler().get(...args);
        await one.set("/a", page("a", "x,y"), CONTROL);
        await one.set("/b", page("b", "z"), CONTROL);
        await one.set("f", fetched("1", ["t"]), { fetchCache: true, tags: ["t"] });
        await two.revalidateTag("y");
        assert.equal(await get("/a", PAGE), null);
        assert.equal((await get("/b", PAGE)).value.html, "b");
        assert.equal((await get("f", FETCH)).value.data.body, "1");
        await sleep(SOON);
        await one.set("/a", page("a again", "x,y"), CONTROL);
        assert.equal((await get("/a", PAGE)).value.html, "a again");
        // A path is a tag of what was fetched for it.
        await two.revalidateTag(["_N_T_/", "other"]);
        assert.equal(await get("f", FETCH), null);
        assert.ok((await redis.ttl("app:tag:y")) > 2_000_000);
        // What was begun before the tag was revalidated may be made of what was before.
        assert.equal(await one.get("/late", PAGE), null);
        await sleep(SOON);
        await two.revalidateTag("z");
        await one.set("/late", page("late", "z"), CONTROL);
        assert.equal(await get("/late", PAGE), null);
        await sleep(SOON);
        assert.equal(await one.get("/late", PAGE), null);
        await one.set("/late", page("in time", "z"), CONTROL);
        assert.equal((await get("/late", PAGE)).value.html, "in time");
      },
    ],
    [
      "a tag that is stale lets an entry be served once more, as an old one",
      async ({ redis }) => {
        const Handler = createCacheHandler({ client: redis });
        const handler = new Handler();
        const get = (...args) => new Handler().get(...args);
        await handler.set("/a", page("a", "x"), { cacheControl: { revalidate: false, expire: undefined } });
        await handler.set("f", fetched("1", ["x"]), { fetchCache: true, tags: ["x"] });
        await handler.revalidateTag("x", { expire: 3600 });
        const stale = await get("/a", PAGE);
        assert.equal(stale.value.html, "a");
        assert.ok(stale.lastModified + stale.cacheControl.revalidate * 1000 < Date.now());
        const old = await get("f", FETCH);
        assert.ok((Date.now() - old.lastModified) / 1000 > 60);
        // The hour is over.
        await redis.hSet("next:tag:x", { expired: await redis.hGet("next:tag:x", "stale") });
        assert.equal(await get("/a", PAGE), null);
        assert.equal(await get("f", FETCH), null);
        await sleep(SOON);
        await handler.set("/a", page("new", "x"), CONTROL);
        const fresh = await get("/a", PAGE);
        assert.deepEqual(fresh.cacheControl, CONTROL.cacheControl);
      },
    ],
    [
      "what \"use cache\" keeps is shared, and revalidated by tags and soft tags",
      async ({ redis, require }) => {
        const one = createComponentsCacheHandler({ client: redis });
        const two = require("redmux/next").createComponentsCacheHandler({ client: redis });
        await one.set("k", Promise.resolve(entry("value ü", ["x"])));
        const found = await two.get("k", ["soft"]);
        assert.equal(await text(found), "value ü");
        assert.equal(await text(await two.get("k", [])), "value ü", "each reader has a stream of its own");
        assert.deepEqual([found.tags, found.stale, found.expire, found.revalidate], [["x"], 30, 3600, 60]);
        assert.equal(await two.get("none", []), undefined);
        assert.equal(await one.getExpiration(["x"]), Infinity);
        await two.updateTags(["soft"]);
        assert.equal(await one.get("k", ["soft"]), undefined);
        assert.equal(await text(await one.get("k", [])), "value ü");
        await two.updateTags(["x"], { expire: 60 });
        assert.equal((await one.get("k", [])).revalidate, -1);
        await two.updateTags(["x"]);
        assert.equal(await one.get("k", []), undefined);
        // It was begun before the tag was revalidated: what it is made of may be old.
        await one.set("k", Promise.resolve(entry("slow", ["x"], { timestamp: Date.now() - 60_000 })));
        assert.equal(await one.get("k", []), undefined);
        await one.refreshTags();
      },
    ],
    [
      "who asks for an entry that is being made waits for it; one that fails is not kept",
      async ({ redis }) => {
        const handler = createComponentsCacheHandler({ client: redis });
        let finish;
        const set = handler.set("k", new Promise((resolve) => (finish = resolve)));
        const asked = handler.get("k", []);
        finish(entry("late", []));
        assert.equal(await text(await asked), "late");
        await set;
        const broken = new ReadableStream({ start: (controller) => controller.error(new Error("no")) });
        await handler.set("broken", Promise.resolve(entry("", [], { value: broken })));
        await handler.set("rejected", Promise.reject(new Error("no")));
        assert.deepEqual([await handler.get("broken", []), await handler.get("rejected", [])], [undefined, undefined]);
      },
    ],
    [
      "without Redis there is no cache, and no error of a page; during a build it is not used",
      async ({ redis }) => {
        const errors = [];
        const Handler = createCacheHandler({ url: "redis://127.0.0.1:1", timeout: 500, onError: (error) => errors.push(error.message) });
        const handler = new Handler();
        const started = performance.now();
        for (let n = 0; n < 20; n++) {
          assert.equal(await handler.get("/a", PAGE), null);
          await handler.set("/a", page("a", "x"), CONTROL);
        }
        await handler.revalidateTag("x");
        assert.ok(performance.now() - started < 3000, "an outage costs no waiting");
        assert.equal(errors.length, 41);
        assert.match(errors[0], /^redmux\/next: a cached entry cannot be read: /);
        process.env.NEXT_PHASE = "phase-production-build";
        const building = new (createCacheHandler({ client: redis }))();
        const both = new (createCacheHandler({ client: redis, duringBuild: true }))();
        delete process.env.NEXT_PHASE;
        await building.set("/a", page("a", "x"), CONTROL);
        assert.deepEqual(await redis.keys("*"), []);
        await both.set("/a", page("a", "x"), CONTROL);
        assert.equal((await redis.keys("*")).length, 1);
        assert.equal(await building.get("/a", PAGE), null);
      },
    ],
    [
      "with a client-side cache pages are read from memory, and what another instance writes is seen",
      async ({ redis, url }) => {
        const cached = await connect(url, { clientCache: true });
        const handler = new (createCacheHandler({ client: cached }))();
        const other = new (createCacheHandler({ client: redis }))();
        await other.set("/a", page("a", "x"), CONTROL);
        for (let n = 0; n < 3; n++) assert.equal((await handler.get("/a", PAGE)).value.html, "a");
        assert.ok(cached.status().cache.hits >= 2);
        await other.set("/a", page("b", "x"), CONTROL);
        for (const end = Date.now() + 5000; (await handler.get("/a", PAGE)).value.html !== "b"; ) assert.ok(Date.now() < end);
        await other.revalidateTag("x");
        assert.equal(await handler.get("/a", PAGE), null);
        await cached.close();
      },
    ],
    [
      "mistakes are refused at once",
      async ({ redis }) => {
        for (const create of [createCacheHandler, createComponentsCacheHandler]) {
          assert.throws(() => create({}), /redmux\/next: expected a client of redmux/);
          assert.throws(() => create({ client: redis, TTL: 1 }), /TTL is not an option/);
          assert.throws(() => create({ client: redis, timeout: 0 }), /timeout: expected a positive number/);
        }
        const errors = [];
        const handler = new (createCacheHandler({ client: redis, onError: (error) => errors.push(error.message) }))();
        await redis.set("next:entry:/a", "nonsense");
        assert.equal(await handler.get("/a", PAGE), null);
        assert.match(errors[0], /a cached entry cannot be read: it has another format/);
      },
    ],
  ],
];
