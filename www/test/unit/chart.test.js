// The statistics of the demo page's chart, with an element that only keeps its children.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RoundTrips } from "../../demo/chart.js";

globalThis.document = {
  createElementNS: () => ({ attributes: {}, setAttribute(name, value) { this.attributes[name] = value; } }),
};

function chart() {
  const svg = { setAttribute() {}, replaceChildren(...children) { this.children = children; } };
  return { svg, trips: new RoundTrips(svg) };
}

test("statistics leave lost PINGs out and count them", () => {
  const { trips } = chart();
  assert.equal(trips.statistics(), null);
  for (const sample of [3, null, 1, 2, null]) trips.add(sample);
  assert.deepEqual(trips.statistics(), { min: 1, median: 2, p99: 3 });
  assert.equal(trips.lost, 2);
});

test("one slow PING does not flatten the rest, and nothing leaves the chart", () => {
  const { svg, trips } = chart();
  for (let i = 0; i < 30; i++) trips.add(2);
  trips.add(2000);
  assert.ok(trips.top <= 5, `${trips.top}`);
  const line = svg.children.find(({ attributes }) => attributes.class === "line").attributes.points;
  for (const point of line.split(" ")) {
    const y = Number(point.split(",")[1]);
    assert.ok(y >= 0 && y <= 100, point);
  }
});

test("only the latest samples are kept", () => {
  const { trips } = chart();
  trips.add(1000);
  for (let i = 0; i < 120; i++) trips.add(1);
  assert.deepEqual(trips.statistics(), { min: 1, median: 1, p99: 1 });
});
