// Time series: a chart, labels, rules and samples.

import { button, make, segments } from "../dom.js";
import { ask } from "../dialogs.js";
import { show } from "../lib/bytes.js";
import { byName, numberOf, textOf } from "../lib/pairs.js";
import { count, span } from "../lib/units.js";
import { describe } from "../session.js";
import { fact } from "./parts.js";
import { plot } from "./plot.js";
import { PagedTable } from "./table.js";

const PAGE = 50;
/** The most points of a chart. */
const POINTS = 300;

export async function viewSeries(context) {
  const { session, key, host, facts } = context;
  const info = byName(await session.quietly({ bytes: true }, "TS.INFO", key));
  if (!context.isCurrent()) return;
  const total = Number(info.get("totalSamples") ?? 0);
  const retention = Number(info.get("retentionTime") ?? 0);
  facts.append(
    fact("Samples", make("span", { data: { testid: "series-total" } }, count(total))),
    fact("Kept for", retention === 0 ? "ever" : span(retention / 1000)),
    fact("Duplicates", textOf(info.get("duplicatePolicy")) || "block"),
  );
  const chart = make("div", { data: { testid: "series-chart" } });
  const draw = async (shown) => {
    try {
      const [title, samples] = shown === "all" ? await averages(session, key, info, total) : await newest(session, key);
      if (context.isCurrent()) chart.replaceChildren(plot(title, samples, (value) => String(Number(value.toPrecision(6)))));
    } catch (error) {
      chart.replaceChildren(make("p.fault", { role: "alert" }, describe(error)));
    }
  };
  const add = async () => {
    const fields = [
      { name: "value", label: "Value" },
      { name: "time", label: "Time", note: "Milliseconds since 1970; empty is now." },
    ];
    const done = await ask("Add a sample", fields, "Add", async ({ value, time }) => {
      if (value.trim() === "" || Number.isNaN(Number(value))) throw new Error("The value must be a number.");
      if (!/^\d*$/.test(time.trim())) throw new Error("The time must be a whole number.");
      await session.send("TS.ADD", key, time.trim() || "*", value.trim());
    });
    if (!done) return;
    context.changed();
    context.reload();
  };
  const samples = new PagedTable(`Samples of ${show(key)}`, ["Time (UTC)", "Value"], {
    load: async (next) => {
      const rows = await session.send("TS.REVRANGE", key, "-", next ?? "+", "COUNT", PAGE);
      const end = Number(rows.at(-1)?.[0] ?? 0) - 1;
      return { rows, next: rows.length === PAGE && end >= 0 ? end : null, total: count(total) };
    },
    row: ([time, value]) => [stamp(Number(time)), make("code", {}, textOf(value))],
  });
  const choice = segments("Chart", [["new", "Newest"], ["all", "All, averaged"]], "new", draw);
  host.replaceChildren(
    make("div.bar", {}, choice, make("span.grow"), button("Add…", add, { kind: "primary", data: { testid: "value-add" } })),
    chart,
    ...about(info),
    samples.element,
  );
  await Promise.all([draw("new"), samples.restart()]);
}

async function newest(session, key) {
  const samples = await session.send("TS.REVRANGE", key, "-", "+", "COUNT", POINTS);
  return [`The newest ${samples.length}`, samples.reverse().map(([time, value]) => [Number(time), numberOf(value)])];
}

async function averages(session, key, info, total) {
  const [first, last] = [Number(info.get("firstTimestamp")), Number(info.get("lastTimestamp"))];
  const bucket = Math.max(1, Math.ceil((last - first) / POINTS));
  const samples = await session.send("TS.RANGE", key, first, last, "AGGREGATION", "avg", bucket);
  const each = bucket === 1 ? "" : `, averages of ${bucket < 1000 ? `${bucket} ms` : span(bucket / 1000)}`;
  return [`All ${count(total)}${each}`, samples.map(([time, value]) => [Number(time), numberOf(value)])];
}

/** Labels, and the series that this one is made from or makes. */
function about(info) {
  const labels = info.get("labels") instanceof Map ? [...info.get("labels")] : (info.get("labels") ?? []).map((pair) => (Array.isArray(pair) ? pair : [pair, ""]));
  const source = info.get("sourceKey");
  const rules = info.get("rules") instanceof Map ? [...info.get("rules")].map(([to, rule]) => [to, ...rule]) : (info.get("rules") ?? []);
  const entries = labels.map(([name, value]) => [textOf(name), textOf(value)]);
  if (source !== null && source !== undefined && source.length > 0) entries.push(["made from", textOf(source)]);
  for (const [to, bucket, aggregation] of rules) {
    entries.push([`rule: ${textOf(aggregation).toLowerCase()} of ${span(Number(bucket) / 1000)}`, textOf(to)]);
  }
  if (entries.length === 0) return [];
  const rows = entries.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return [make("dl.pairs", { data: { testid: "series-about" } }, ...rows)];
}

function stamp(time) {
  const when = new Date(time);
  if (Number.isNaN(when.getTime())) return make("code", {}, String(time));
  return make("span.stamp", {}, make("code", {}, String(time)), make("small", {}, when.toISOString().replace("T", " ").replace("Z", "")));
}

