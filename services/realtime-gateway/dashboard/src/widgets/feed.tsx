import { useState } from "preact/hooks";
import { events } from "../live";
import type { EventData } from "../model/types";

const rowHeight = 30;
const viewHeight = 360;
const overscan = 4;

// Only the rows in view are in the document, however long the feed is.
export function Feed() {
  const [top, setTop] = useState(0);
  const [held, hold] = useState<EventData[] | null>(null);
  const rows = held ?? events.value;
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(rows.length, Math.ceil((top + viewHeight) / rowHeight) + overscan);
  return (
    <section class="card feed">
      <div class="card-head">
        <h2>Events</h2>
        <span class="spacer" />
        <button class="quiet" onClick={() => hold(held ? null : events.value)}>{held ? "Resume" : "Pause"}</button>
      </div>
      <div class="viewport" style={{ height: `${viewHeight}px` }} onScroll={(event) => setTop(event.currentTarget.scrollTop)} data-testid="feed" tabIndex={0}>
        {rows.length === 0 && <p class="empty">No event yet.</p>}
        <div style={{ height: `${rows.length * rowHeight}px`, position: "relative" }}>
          {rows.slice(first, last).map((event, i) => (
            <Row key={event.id} event={event} top={(first + i) * rowHeight} />
          ))}
        </div>
      </div>
    </section>
  );
}

function Row({ event, top }: { event: EventData; top: number }) {
  const dims = Object.entries(event.dims ?? {}).map(([name, value]) => `${name}=${value}`).join(" ");
  const values = Object.entries(event.values ?? {}).map(([name, value]) => `${name} ${value}`).join("  ");
  return (
    <div class="row" style={{ transform: `translateY(${top}px)` }} data-testid="event">
      <time>{event.time.slice(11, 23)}</time>
      <span class="type">{event.type}</span>
      <span class="values">{values}</span>
      <span class="dims">{dims}</span>
    </div>
  );
}
