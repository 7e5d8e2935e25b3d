// The documents that the gateway publishes (docs/protocols.md, "Realtime").

export interface ValueStats {
  count?: number;
  sum: number;
  min: number;
  max: number;
  last?: number;
  p50: number;
  p95: number;
  p99: number;
}

export interface WindowData {
  stream: string;
  type: string;
  key: string;
  window_start: string;
  window_end: string;
  revision: number;
  final: boolean;
  count: number;
  values: Record<string, ValueStats>;
}

export interface EventData {
  id: string;
  stream: string;
  type: string;
  time: string;
  source?: string;
  dims?: Record<string, string>;
  values?: Record<string, number>;
}

export type AlertState = "inactive" | "pending" | "firing" | "recovering" | "resolved";

export interface AlertData {
  id: string;
  rule_id: string;
  rule_name: string;
  stream: string;
  key?: string;
  state: AlertState;
  severity: string;
  value?: number;
  threshold?: number;
  started_at?: string;
  resolved_at?: string | null;
  acknowledged_by?: string | null;
  snoozed_until?: string | null;
  reason?: string;
  summary?: string;
  revision: number;
}

export type Publication =
  | { type: "window"; data: WindowData }
  | { type: "event"; data: EventData; sample_rate?: number }
  | { type: "alert"; data: AlertData }
  | { type: "degraded"; data: { reason?: string } }
  | { type: "snapshot"; data: { windows?: WindowData[]; events?: EventData[]; alerts?: AlertData[] } };
