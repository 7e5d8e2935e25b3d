import type { Windows } from "./windows";

/** One number a second that a tile or a chart can show. */
export interface Measure {
  id: string;
  label: string;
  unit: string;
  /** The number at a window start; null where there is none (a percentile of nothing). */
  read(windows: Windows, start: number): number | null;
}

const total: Measure = {
  id: "total",
  label: "events",
  unit: "/s",
  read: (windows, start) => windows.typeNames.reduce((sum, type) => sum + (windows.at(type, start)?.count ?? 0), 0),
};

/** Everything that a stream's windows can be asked for, the most telling first. */
export function measuresOf(windows: Windows): Measure[] {
  const measures = [total];
  const details: Measure[] = [];
  const rest: Measure[] = [];
  for (const type of windows.typeNames) {
    measures.push({ id: `${type}.count`, label: type, unit: "/s", read: (w, start) => w.at(type, start)?.count ?? 0 });
    for (const name of windows.valueNames(type)) {
      const sum: Measure = { id: `${type}.${name}.sum`, label: `${type} ${name}, sum`, unit: "/s", read: (w, start) => w.at(type, start)?.values.get(name)?.sum ?? 0 };
      const p95: Measure = { id: `${type}.${name}.p95`, label: `${type} ${name}, p95`, unit: "", read: (w, start) => w.at(type, start)?.values.get(name)?.p95 ?? null };
      // What adds up (money, items) is told by its sum, what does not (durations, temperatures) by its 95th percentile.
      const adds = !/(_ms|_s|_c|latency|duration|temperature|humidity|ratio|percent)$/.test(name);
      details.push(adds ? sum : p95);
      rest.push(adds ? p95 : sum);
    }
  }
  return measures.concat(details, rest);
}

/** A number as a person reads it: three figures that count. */
export function readable(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}
