import { useMemo } from "preact/hooks";
import { shownSecond } from "../clock";
import { windows, windowsVersion } from "../live";
import { measuresOf, readable, type Measure } from "../model/measures";
import type { Windows } from "../model/windows";

const tiles = 8;
const trail = 60;

export function Tiles() {
  const measures = useMemo(() => measuresOf(windows.value), [windows.value, windowsVersion.value]);
  if (windows.value.newestStart === 0) {
    return <section class="tiles"><p class="card empty">No window yet. Send an event and it shows here within a second.</p></section>;
  }
  return (
    <section class="tiles" aria-label="Key figures">
      {measures.slice(0, tiles).map((measure) => (
        <Tile key={measure.id} measure={measure} source={windows.value} second={shownSecond.value} />
      ))}
    </section>
  );
}

function Tile({ measure, source, second }: { measure: Measure; source: Windows; second: number }) {
  const points = Array.from({ length: trail }, (_, i) => measure.read(source, second - (trail - 1 - i) * 1_000));
  const value = points.at(-1) ?? null;
  return (
    <div class="card tile" data-testid={`tile-${measure.id}`}>
      <span class="label">{measure.label}</span>
      <span class="value" data-testid="value">{readable(value)}<small>{measure.unit}</small></span>
      <Sparkline points={points} />
    </div>
  );
}

function Sparkline({ points }: { points: (number | null)[] }) {
  const known = points.filter((point): point is number => point !== null);
  const top = Math.max(...known, 1e-9);
  const bottom = Math.min(...known, 0);
  const path = points
    .map((point, i) => (point === null ? null : `${((i / (points.length - 1)) * 100).toFixed(1)},${(28 - ((point - bottom) / (top - bottom || 1)) * 26).toFixed(1)}`))
    .filter((point) => point !== null)
    .join(" ");
  return (
    <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={path} />
    </svg>
  );
}
