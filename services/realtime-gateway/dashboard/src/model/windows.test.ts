import { expect, test } from "vitest";
import { measuresOf, readable } from "./measures";
import type { WindowData } from "./types";
import { Windows } from "./windows";

const start = Date.parse("2026-01-02T03:04:05Z");

function window(changes: Partial<WindowData> = {}): WindowData {
  return {
    stream: "shop", type: "purchase", key: "", revision: 2, final: false, count: 1,
    window_start: new Date(start).toISOString(), window_end: new Date(start + 1_000).toISOString(),
    values: { amount: { count: 1, sum: 10, min: 10, max: 10, p50: 10, p95: 10, p99: 10 } },
    ...changes,
  };
}

test("the highest revision wins in whatever order they come", () => {
  const windows = new Windows();
  expect(windows.apply(window({ revision: 6, count: 3 }))).toBe(true);
  expect(windows.apply(window({ revision: 4, count: 2 }))).toBe(false);
  expect(windows.at("purchase", start)?.count).toBe(3);
});

test("series of one type add up", () => {
  const windows = new Windows();
  windows.apply(window({ key: "country=DE", count: 2 }));
  windows.apply(window({ key: "country=FR", count: 5 }));
  const second = windows.at("purchase", start);
  expect(second?.count).toBe(7);
  expect(second?.values.get("amount")?.sum).toBe(20);
});

test("windows of other lengths are left out", () => {
  expect(new Windows().apply(window({ window_end: new Date(start + 60_000).toISOString() }))).toBe(false);
});

test("old windows are forgotten", () => {
  const windows = new Windows();
  windows.apply(window());
  const later = start + 16 * 60_000;
  windows.apply(window({ window_start: new Date(later).toISOString(), window_end: new Date(later + 1_000).toISOString() }));
  expect(windows.at("purchase", start)).toBeUndefined();
});

test("a second without events counts zero and has no percentile", () => {
  const windows = new Windows();
  windows.apply(window());
  const measures = new Map(measuresOf(windows).map((measure) => [measure.id, measure]));
  expect(measures.get("total")?.read(windows, start + 1_000)).toBe(0);
  expect(measures.get("purchase.amount.p95")?.read(windows, start + 1_000)).toBeNull();
  expect(measures.get("purchase.amount.sum")?.read(windows, start)).toBe(10);
});

test("a tile's first choice is the sum of what adds up and the percentile of what does not", () => {
  const windows = new Windows();
  const stats = { count: 1, sum: 1, min: 1, max: 1, p50: 1, p95: 1, p99: 1 };
  windows.apply(window({ values: { amount: stats, latency_ms: stats } }));
  expect(measuresOf(windows).map((measure) => measure.id)).toEqual(["total", "purchase.count", "purchase.amount.sum", "purchase.latency_ms.p95", "purchase.amount.p95", "purchase.latency_ms.sum"]);
});

test.each([[null, "–"], [0, "0"], [12.345, "12.3"], [1.234, "1.23"], [345.6, "346"], [12_345, "12.3 k"], [5_600_000, "5.6 M"]])("%s reads %s", (value, text) => {
  expect(readable(value)).toBe(text);
});
