import type { LatencySummary } from "../measure/summary.ts";
import type { BenchReport } from "./bench-report.ts";

interface Sample {
  suffix?: string;
  labels?: Record<string, string>;
  value: number;
}

/**
 * The figures of a run for the textfile collector of Prometheus' node exporter, in base units.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(report: BenchReport): string {
  const { summary, environment, generator, passed } = report;
  const own = { environment, scenario: summary.scenario };
  const metric = (name: string, type: string, help: string, samples: readonly Sample[]) => [
    `# HELP studio_bench_${name} ${help}`,
    `# TYPE studio_bench_${name} ${type}`,
    ...samples.map(({ suffix = "", labels = {}, value }) => {
      return `studio_bench_${name}${suffix}${labelText({ ...own, ...labels })} ${value}`;
    }),
  ];
  const gauge = (name: string, help: string, value: number) =>
    metric(name, "gauge", help, [{ value }]);
  const requests = Object.entries(summary.requests).map(([outcome, value]) => {
    return { labels: { outcome }, value };
  });
  const lines = [
    ...gauge("timestamp_seconds", "When the run began.", Date.parse(summary.startedAt) / 1000),
    ...gauge("duration_seconds", "How long was measured.", summary.durationMs / 1000),
    ...metric("requests", "gauge", "What became of the requests.", requests),
    ...gauge("rate", "Requests answered as expected, per second.", summary.rate),
    ...gauge("error_ratio", "Failed requests, 0 to 1.", summary.errorRate),
    ...metric("latency_seconds", "summary", "From when it was due.", quantiles(summary.latency)),
    ...metric("service_seconds", "summary", "From when it was sent.", quantiles(summary.service)),
    ...gauge("passed", "1 where all thresholds were met.", Number(passed)),
    ...gauge("valid", "1 where the run says something about its target.", Number(generator.valid)),
  ];
  return `${lines.join("\n")}\n`;
}

function quantiles(latency: LatencySummary | null): Sample[] {
  if (latency === null) return [{ suffix: "_count", value: 0 }];
  const { p50, p75, p90, p95, p99, p999, mean, count } = latency;
  const figures = { 0.5: p50, 0.75: p75, 0.9: p90, 0.95: p95, 0.99: p99, 0.999: p999 };
  return [
    ...Object.entries(figures).map(([quantile, value]) => {
      return { labels: { quantile }, value: value / 1000 };
    }),
    { suffix: "_sum", value: (mean * count) / 1000 },
    { suffix: "_count", value: count },
  ];
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
