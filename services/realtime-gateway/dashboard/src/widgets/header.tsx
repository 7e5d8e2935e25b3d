import { now } from "../clock";
import { connection, degraded, lastMessageAt, select, stream, streams } from "../live";
import { session, signOut } from "../session";

function freshness(): string {
  if (connection.value !== "connected") return connection.value === "connecting" ? "reconnecting…" : "disconnected";
  const age = Math.max(0, now.value - lastMessageAt.value);
  return age < 2_000 ? "live" : `quiet for ${Math.round(age / 1_000)} s`;
}

export function Header() {
  return (
    <header>
      <strong class="brand">Millrace</strong>
      <span class="tenant" title="tenant">{session.value?.tenant}</span>
      <label class="stream">
        stream
        <select value={stream.value} onChange={(event) => select(event.currentTarget.value)} data-testid="stream">
          {streams.value.length === 0 && <option value="">none yet</option>}
          {streams.value.map((name) => (
            <option key={name} value={name}>{name}</option>
          ))}
        </select>
      </label>
      <span class="spacer" />
      {degraded.value && <span class="badge warn" data-testid="degraded">degraded: {degraded.value}</span>}
      <span class={`badge ${connection.value}`} data-testid="connection" data-state={connection.value}>{freshness()}</span>
      <button class="quiet" onClick={signOut}>Sign out</button>
    </header>
  );
}
