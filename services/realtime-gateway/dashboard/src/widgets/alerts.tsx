import { useState } from "preact/hooks";
import { now } from "../clock";
import { alerts } from "../live";
import { inOrder } from "../model/alerts";
import { readable } from "../model/measures";
import type { AlertData } from "../model/types";
import { api, session } from "../session";

export function Alerts() {
  const [error, setError] = useState("");
  const shown = inOrder(alerts.value).slice(0, 30);
  const firing = shown.filter((alert) => alert.state === "firing").length;
  const act = async (alert: AlertData, action: string, body: object = {}) => {
    try {
      await api(`/api/v1/alerts/${encodeURIComponent(alert.id)}/${action}`, { method: "POST", body: JSON.stringify(body) });
      setError("");
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <section class="card alerts" data-testid="alerts">
      <div class="card-head">
        <h2>Alerts</h2>
        {firing > 0 && <span class="badge firing">{firing} firing</span>}
      </div>
      {error && <p class="error" role="alert">{error}</p>}
      {shown.length === 0 && <p class="empty">Nothing has fired.</p>}
      <ul>
        {shown.map((alert) => (
          <AlertRow key={alert.id} alert={alert} act={act} />
        ))}
      </ul>
    </section>
  );
}

function AlertRow({ alert, act }: { alert: AlertData; act: (alert: AlertData, action: string, body?: object) => Promise<void> }) {
  const snoozed = alert.snoozed_until && Date.parse(alert.snoozed_until) > now.value;
  const open = alert.state === "firing" || alert.state === "recovering";
  const mayWrite = session.value?.scopes.includes("write") ?? false;
  return (
    <li class={`alert ${alert.state}`} data-testid="alert" data-state={alert.state} data-acknowledged={alert.acknowledged_by ? "true" : "false"}>
      <span class={`badge ${alert.state}`}>{alert.state}</span>
      <span class="what">
        <strong>{alert.rule_name}</strong>
        <small>
          {alert.severity}
          {alert.key && ` · ${alert.key}`}
          {alert.value !== undefined && ` · ${readable(alert.value)}`}
          {alert.threshold !== undefined && ` against ${readable(alert.threshold)}`}
          {alert.started_at && ` · since ${new Date(alert.started_at).toLocaleTimeString()}`}
          {alert.acknowledged_by && ` · acknowledged by ${alert.acknowledged_by}`}
          {snoozed && ` · snoozed until ${new Date(alert.snoozed_until!).toLocaleTimeString()}`}
        </small>
      </span>
      {open && mayWrite && !alert.acknowledged_by && <button onClick={() => act(alert, "ack")}>Acknowledge</button>}
      {open && mayWrite && !snoozed && <button class="quiet" onClick={() => act(alert, "snooze", { for: "10m" })}>Snooze 10 min</button>}
    </li>
  );
}
