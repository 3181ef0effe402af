// The command line, messages, metrics, slow log, server and events.

import { check, step } from "../checks.mjs";
import { equal, RECONNECT } from "./harness.mjs";

export async function checkCommandLine(tab, redis) {
  const input = tab.get("cli-input");
  const expect = async (line, reply) => equal((await tab.run(line)).reply, reply, line);

  await step("commands and replies as in redis-cli", async () => {
    await tab.tab("cli");
    await expect(String.raw`SET cli:a "\x00\xffend\n"`, "OK");
    await expect("GET cli:a", String.raw`"\x00\xffend\n"`);
    await expect("GET cli:none", "(nil)");
    await redis("DEL", "cli:l", "cli:h");
    await expect("RPUSH cli:l one 'two three'", "(integer) 2");
    await expect("LRANGE cli:l 0 -1", '1) "one"\n2) "two three"');
    await expect("HSET cli:h f v", "(integer) 1");
    await expect("HGETALL cli:h", '1# "f" => "v"');
    await expect('EVAL "return {1,{\'a\',{}},false}" 0', '1) (integer) 1\n2) 1) "a"\n   2) (empty array)\n3) (nil)');
    check((await tab.run("INFO server")).reply.startsWith("# Server\nredis_version:"), "INFO is not shown as text");
    const wrong = await tab.run("INCR cli:h");
    check(wrong.status === "error" && wrong.reply.startsWith("(error) WRONGTYPE"), wrong.reply);
    check(/^[\d.]+ m?s$/.test(wrong.took), `took ${wrong.took}`);
    const open = await tab.run('GET "open');
    check(open.status === "error" && open.reply.includes("not closed"), open.reply);
    const refused = await tab.run("MULTI");
    check(refused.reply.startsWith("(CommandError)"), refused.reply);
    check((await tab.run("SELECT 1")).reply.includes("belongs to the connection"), "SELECT");
  });

  await step("history, completion, syntax and documentation", async () => {
    await input.fill("");
    await input.press("ArrowUp");
    equal(await input.inputValue(), "SELECT 1", "the last line");
    await input.press("ArrowUp");
    equal(await input.inputValue(), "MULTI", "the one before");
    await input.press("ArrowDown");
    await input.press("ArrowDown");
    equal(await input.inputValue(), "", "the draft");
    await input.pressSequentially("zrangest");
    await tab.until("one completion", () => tab.page.locator("#cli-options li b").allTextContents(), (seen) => seen.join() === "ZRANGESTORE");
    equal(await input.getAttribute("aria-expanded"), "true", "aria-expanded");
    await input.press("Tab");
    equal(await input.inputValue(), "ZRANGESTORE ", "completed");
    await tab.sees("cli-syntax", /^ZRANGESTORE dst src min max \[BYSCORE\|BYLEX\] \[REV\] \[LIMIT offset count\]$/);
    check((await tab.text("cli-summary")).length > 20, "no summary");
    check(/Group: sorted-set · Since 6.2.0 · Complexity: O\(log/.test(await tab.text("cli-help")), await tab.text("cli-help"));
    await input.fill("");
    await input.pressSequentially("config g");
    await tab.until("a subcommand", () => tab.page.locator("#cli-options li b").allTextContents(), (seen) => seen.join() === "GET");
    await input.press("ArrowDown");
    await input.press("Enter");
    equal(await input.inputValue(), "config GET ", "chosen");
    await input.fill("");
    await input.pressSequentially("SET a b E");
    await tab.until("options", () => tab.page.locator("#cli-options li b").allTextContents(), (seen) => seen.join() === "EX,EXAT");
    await input.press("Escape");
    check(!(await tab.get("cli-options").isVisible()), "Escape does not close the list");
    await input.fill("");
  });

  await step("dangerous commands are asked about", async () => {
    await redis("SET", "cli:kept", "1");
    const cancelled = await tab.run("flushall", { sure: false });
    equal(cancelled.reply, "(not sent)", "cancelled");
    equal(await redis("EXISTS", "cli:kept"), 1, "kept");
    const sent = await tab.run("CONFIG SET latency-monitor-threshold 1", { sure: true });
    equal(sent.reply, "OK", "confirmed");
    equal((await tab.run("KEYS cli:kept", { sure: true })).reply, '1) "cli:kept"', "KEYS");
  });
}

export async function checkPubSub(tab, redis) {
  const messages = () => tab.get("message").locator(".payload").allTextContents();

  await step("messages come, are filtered, paused and cleared; one is published", async () => {
    await tab.tab("pubsub");
    await tab.get("pubsub-channel").fill("check:news");
    await tab.get("pubsub-subscribe").click();
    await tab.until("one subscription", () => tab.get("subscription").count(), (count) => count === 1);
    await tab.get("pubsub-kind").selectOption("pattern");
    await tab.get("pubsub-channel").fill("check:other:*");
    await tab.get("pubsub-subscribe").click();
    await tab.until("two", () => tab.get("subscription").count(), (count) => count === 2);
    await tab.get("publish-channel").fill("check:news");
    await tab.get("publish-payload").fill("from here");
    await tab.get("publish").click();
    await tab.sees("publish-note", "Published: 1 receiver.");
    await redis("PUBLISH", "check:other:x", Uint8Array.of(0, 255));
    await tab.until("both", messages, (seen) => seen.join("|") === String.raw`"\x00\xff"|from here`);
    await tab.get("pubsub-filter").fill("NEWS");
    await tab.until("the filtered", messages, (seen) => seen.join() === "from here");
    await tab.get("pubsub-filter").fill("");
    await tab.get("pubsub-pause").click();
    await redis("PUBLISH", "check:news", "while paused");
    await tab.sees("pubsub-count", "3");
    equal((await messages()).length, 2, "shown while paused");
    await tab.get("pubsub-pause").click();
    await tab.until("the third", messages, (seen) => seen[0] === "while paused");
    await tab.get("pubsub-clear").click();
    await tab.until("none", messages, (seen) => seen.length === 0);
  });

  await step("a flood of messages is bounded", async () => {
    await redis("EVAL", "for i=1,5000 do redis.call('PUBLISH', 'check:news', 'flood ' .. i) end", 0, { timeout: 30_000 });
    // Messages that come faster than the page takes them are dropped, and counted.
    const number = async (id) => Number((await tab.text(id)).replaceAll(",", ""));
    await tab.until("all of them", async () => (await number("pubsub-count")) + (await number("pubsub-missed")), (sum) => sum === 5000, 30_000);
    await tab.until("the newest", messages, (seen) => seen[0] === "flood 5000");
    equal((await messages()).length, 200, "elements");
    check(/^(?!0\/s)/.test(await tab.text("pubsub-rate")), "no rate");
    await tab.get("subscription").last().getByRole("button").click();
    await tab.until("one left", () => tab.get("subscription").count(), (count) => count === 1);
  });
}

export async function checkMetrics(tab) {
  await step("charts of latency, throughput, memory and clients, with their numbers as text", async () => {
    await tab.tab("metrics");
    for (const [id, wanted] of [
      ["chart-latency-p50", /^[\d.]+ ms$/],
      ["chart-latency-p99", /^[\d.]+ (ms|s)$/],
      ["chart-throughput-server", /^[\d.]+k?$/],
      ["chart-throughput-this-page", /^[\d.]+k?$/],
      ["chart-memory-used", /^[\d.]+ [KM]iB$/],
      ["chart-clients-connected", /^[1-9]\d*$/],
    ]) await tab.sees(id, wanted);
    const svg = tab.get("chart-latency").locator("svg");
    await tab.until("a description", () => svg.getAttribute("aria-label"), (text) => /^Round trip over \d+ samples: last [\d.]+ ms, from/.test(text));
    await tab.until("a line", () => svg.locator("polyline").count(), (count) => count >= 3);
    await tab.get("chart-memory").locator("summary").click();
    check((await tab.get("chart-memory").locator("tbody tr").count()) > 0, "the table is empty");
  });
}

export async function checkServer(tab, redis) {
  await step("the slow log is shown and emptied", async () => {
    await redis("CONFIG", "SET", "slowlog-log-slower-than", "0");
    await redis("GET", "slow <b>key</b>");
    await redis("CONFIG", "SET", "slowlog-log-slower-than", "1000000");
    await tab.tab("slowlog");
    await tab.until("the command", () => tab.get("slowlog-entry").allTextContents(), (rows) => rows.some((row) => row.includes('GET "slow <b>key</b>"')));
    await tab.get("slowlog-reset").click();
    await tab.answer({});
    await tab.sees("slowlog-note", "The slow log is empty.");
    await tab.sees("latency-note", /threshold|^$/);
  });

  await step("the server's fields, the important ones on top, are searched", async () => {
    await tab.tab("server");
    await tab.sees("info-top", /(Redis|Valkey)\d+\.\d+\.\d+.*Memory.*Clients.*Keys/);
    await tab.get("info-search").fill("used_memory_peak");
    await tab.sees("info-count", /^[34] fields$/);
    check((await tab.text("info-sections")).includes("used_memory_peak_human"), "the field is missing");
    await tab.get("info-search").fill("no such field");
    await tab.sees("info-count", "No field of this name.");
    await tab.get("info-search").fill("");
  });
}

export async function checkOutage(tab, redis, control) {
  await step("a lost connection is shown, and recovered from", async () => {
    await tab.tab("pubsub");
    if ((await tab.get("subscription").count()) === 0) {
      await tab.get("pubsub-kind").selectOption("channel");
      await tab.get("pubsub-channel").fill("check:news");
      await tab.get("pubsub-subscribe").click();
    }
    await tab.tab("cli");
    await control("kill");
    await tab.state("lost", RECONNECT);
    await tab.sees("trouble", /^The connection was lost/);
    check((await tab.page.title()).startsWith("Lost: "), "the title does not tell");
    await control("start");
    await tab.state("ready", RECONNECT);
    equal((await tab.run("ECHO back")).reply, '"back"', "a command");
    await tab.tab("events");
    const events = () => tab.get("event").evaluateAll((rows) => rows.map((row) => `${row.dataset.event} ${row.dataset.level}`));
    await tab.until("both events", events, (seen) => seen.includes("connectionFailed error") && seen.includes("connectionRestored good"));
    await tab.get("events-level").selectOption("2");
    await tab.until("errors only", events, (seen) => seen.length > 0 && seen.every((event) => event.endsWith("error")));
    await tab.get("events-level").selectOption("0");
  });

  await step("subscriptions are back after it, and the page shows that messages were missed", async () => {
    await tab.tab("pubsub");
    await tab.sees("pubsub-missed", /^[1-9]/);
    const again = await redis();
    await tab.until("a receiver", () => again("PUBLISH", "check:news", "after"), (count) => count === 1);
    await tab.until("the message", () => tab.get("message").locator(".payload").allTextContents(), (seen) => seen.includes("after"));
  });
}
