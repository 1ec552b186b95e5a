import type { BenchReport } from "../bench-report.ts";
import { percentileCurve, rateSeries, wholeHistogram } from "../series.ts";
import type { CurvePoint } from "../series.ts";
import { drawChart } from "./chart.ts";

/** The four pictures of a run: latency over time, its percentiles, the rate, the errors. */
export function drawCharts(report: BenchReport): string[] {
  return [latencyOverTime(report), percentiles(report), ...ratesOverTime(report)];
}

function latencyOverTime({ summary }: BenchReport): string {
  const line = (name: "p50" | "p95" | "p99", style: string) => {
    const points = summary.slots.map((slot) => [slot.at / 1000, slot[name]] as const);
    return { name, style, points };
  };
  return drawChart({
    title: "Latency over time",
    across: "seconds",
    up: "ms",
    lines: [line("p50", "line-1"), line("p95", "line-2"), line("p99", "line-3")],
    formatX: plain,
    formatY: plain,
  });
}

/** By the number of nines, so that the slow end has room. */
function percentiles(report: BenchReport): string {
  const nines = ({ quantile, latency }: CurvePoint) =>
    [-Math.log10(1 - quantile), latency] as const;
  const line = (name: string, style: string, timed: "response" | "service") => {
    return { name, style, points: percentileCurve(wholeHistogram(report, timed)).map(nines) };
  };
  const lines = [line("from when it was due", "line-1", "response")];
  if (report.summary.model === "open") {
    lines.push(line("from when it was sent", "line-2", "service"));
  }
  return drawChart({
    title: "Percentiles",
    across: "share of the requests",
    up: "ms",
    lines,
    formatX: (x) => `${plain(100 * (1 - 10 ** -x))} %`,
    formatY: plain,
    marksX: [0, 1, 2, 3, 4, 5, 6],
  });
}

function ratesOverTime(report: BenchReport): string[] {
  const series = rateSeries(report);
  const shared = { across: "seconds", up: "requests a second", formatX: plain, formatY: plain };
  const line = (name: string, style: string, key: "due" | "ok" | "errors") => {
    return { name, style, points: series.map((point) => [point.at, point[key]] as const) };
  };
  const rate = [line("due", "line-2", "due"), line("answered as expected", "line-1", "ok")];
  return [
    drawChart({ ...shared, title: "Rate", lines: rate }),
    drawChart({
      ...shared,
      title: "Errors",
      lines: [line("failed or dropped", "line-3", "errors")],
    }),
  ];
}

const plain = (value: number): string => String(Number(value.toPrecision(6)));
