import type { Metric, Registry } from "prom-client";
import { Counter, Histogram } from "./metric-series.ts";

export type SetGauge = (labels: Record<string, string>, value: number) => void;

/** Makes metrics whose names begin with `studio_`, all in one registry. */
export interface MetricMaker {
  registry: Registry;
  counter: (name: string, help: string, labels: string[]) => Counter;
  histogram: (name: string, help: string, labels: string[], buckets: number[]) => Histogram;
  /** A gauge that is read anew each time: `read` sets all values there are. */
  gauge: (name: string, help: string, labels: string[], read: (set: SetGauge) => void) => void;
}

/** A registry that holds the figures of the process itself (`process_…`, `nodejs_…`). */
export async function createMetricMaker(): Promise<MetricMaker> {
  const prometheus = await import("prom-client");
  const registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry });
  const full = (name: string): string => `studio_${name}`;
  const register = <Kind extends Counter | Histogram>(metric: Kind): Kind => {
    // It reads a metric's name and `get`; its type names what its own ones can do besides.
    registry.registerMetric(metric as unknown as Metric);
    return metric;
  };
  return {
    registry,
    counter: (name, help, labelNames) =>
      register(new Counter({ name: full(name), help, labelNames })),
    histogram: (name, help, labelNames, buckets) =>
      register(new Histogram({ name: full(name), help, labelNames }, buckets)),
    gauge: (name, help, labelNames, read) => {
      const gauge = new prometheus.Gauge({
        name: full(name),
        help,
        labelNames,
        registers: [registry],
        collect() {
          gauge.reset();
          read((labels, value) => gauge.set(labels, value));
        },
      });
    },
  };
}
