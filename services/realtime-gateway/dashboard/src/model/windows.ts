import type { WindowData } from "./types";

const retainMs = 15 * 60_000;
const second = 1_000;

/** One second of one type: all series keys of it added up. Percentiles are those of the largest series, for they cannot be added. */
export interface Second {
  count: number;
  values: Map<string, { sum: number; min: number; max: number; p95: number; weight: number }>;
}

/** What is known of a stream's windows: for each series and start the highest revision. */
export class Windows {
  /** type -> window start -> series key -> window */
  private readonly types = new Map<string, Map<number, Map<string, WindowData>>>();
  private newest = 0;

  /** Takes a window unless a newer revision of it is known. */
  apply(window: WindowData): boolean {
    const start = Date.parse(window.window_start);
    if (Date.parse(window.window_end) - start !== second) return false;
    let starts = this.types.get(window.type);
    if (!starts) this.types.set(window.type, (starts = new Map()));
    let series = starts.get(start);
    if (!series) starts.set(start, (series = new Map()));
    const known = series.get(window.key);
    if (known && known.revision >= window.revision) return false;
    series.set(window.key, window);
    if (start > this.newest) {
      this.newest = start;
      this.prune();
    }
    return true;
  }

  get typeNames(): string[] {
    return [...this.types.keys()].sort();
  }

  /** Start of the newest window, 0 when there is none. */
  get newestStart(): number {
    return this.newest;
  }

  /** Names of the values that a type's windows carry. */
  valueNames(type: string): string[] {
    const names = new Set<string>();
    for (const series of this.types.get(type)?.values() ?? []) {
      for (const window of series.values()) for (const name of Object.keys(window.values)) names.add(name);
    }
    return [...names].sort();
  }

  /** A type's second, or nothing when no event fell into it. */
  at(type: string, start: number): Second | undefined {
    const series = this.types.get(type)?.get(start);
    if (!series) return undefined;
    const result: Second = { count: 0, values: new Map() };
    for (const window of series.values()) {
      result.count += window.count;
      for (const [name, stats] of Object.entries(window.values)) {
        const weight = stats.count ?? window.count;
        const sum = result.values.get(name);
        if (!sum) result.values.set(name, { sum: stats.sum, min: stats.min, max: stats.max, p95: stats.p95, weight });
        else {
          sum.sum += stats.sum;
          sum.min = Math.min(sum.min, stats.min);
          sum.max = Math.max(sum.max, stats.max);
          if (weight > sum.weight) [sum.p95, sum.weight] = [stats.p95, weight];
        }
      }
    }
    return result;
  }

  private prune(): void {
    for (const starts of this.types.values()) {
      for (const start of starts.keys()) if (start < this.newest - retainMs) starts.delete(start);
    }
  }
}
