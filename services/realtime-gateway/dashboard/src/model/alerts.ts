import type { AlertData } from "./types";

/** Keeps the highest revision of each alert. */
export function mergeAlert(known: readonly AlertData[], change: AlertData): AlertData[] {
  const old = known.find((alert) => alert.id === change.id);
  if (old && old.revision >= change.revision) return [...known];
  return [change, ...known.filter((alert) => alert.id !== change.id)].slice(0, 200);
}

const rank: Record<string, number> = { firing: 0, recovering: 1, pending: 2, resolved: 3, inactive: 4 };

/** What needs a person first; within a state the newest first. */
export function inOrder(alerts: readonly AlertData[]): AlertData[] {
  return alerts
    .filter((alert) => alert.state !== "inactive")
    .toSorted((a, b) => (rank[a.state] ?? 9) - (rank[b.state] ?? 9) || (b.started_at ?? "").localeCompare(a.started_at ?? ""));
}
