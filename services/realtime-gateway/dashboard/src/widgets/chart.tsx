import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { shownSecond } from "../clock";
import { stream, windows, windowsVersion } from "../live";
import { measuresOf, readable } from "../model/measures";

const spans = [60, 300, 900];

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function Chart() {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [chosen, choose] = useState("total");
  const [seconds, setSeconds] = useState(60);
  const measures = useMemo(() => measuresOf(windows.value), [windows.value, windowsVersion.value]);
  const measure = measures.find((candidate) => candidate.id === chosen) ?? measures[0]!;

  useEffect(() => {
    const element = place.current!;
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    plot.current = new uPlot(
      {
        width: element.clientWidth,
        height: 240,
        cursor: { y: false },
        legend: { show: false },
        scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 1) * 1.1 || 1] } },
        axes: [axis, { ...axis, values: (_, ticks) => ticks.map((tick) => readable(tick)), size: 56 }],
        series: [{}, { stroke: colour("--accent"), fill: colour("--accent-soft"), width: 2, spanGaps: true }],
      },
      [[], []],
      element,
    );
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: 240 }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [matchMedia("(prefers-color-scheme: dark)").matches]);

  const second = shownSecond.value;
  useEffect(() => {
    const times = Array.from({ length: seconds }, (_, i) => second - (seconds - 1 - i) * 1_000);
    plot.current?.setData([times.map((time) => time / 1_000), times.map((time) => measure.read(windows.value, time))]);
  }, [second, seconds, measure, windows.value, windowsVersion.value]);

  return (
    <section class="card chart">
      <div class="card-head">
        <h2>{stream.value || "Stream"}</h2>
        <select aria-label="Measure" value={measure.id} onChange={(event) => choose(event.currentTarget.value)}>
          {measures.map((candidate) => (
            <option key={candidate.id} value={candidate.id}>{candidate.label} {candidate.unit}</option>
          ))}
        </select>
        <span class="spacer" />
        {spans.map((span) => (
          <button key={span} class={span === seconds ? "quiet on" : "quiet"} onClick={() => setSeconds(span)}>{span / 60} min</button>
        ))}
      </div>
      <div ref={place} data-testid="chart" />
    </section>
  );
}
