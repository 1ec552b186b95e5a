import type { Counter, Histogram, Registry } from "prom-client";

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
  const registers = [registry];
  prometheus.collectDefaultMetrics({ register: registry });
  const full = (name: string): string => `studio_${name}`;
  return {
    registry,
    counter: (name, help, labelNames) =>
      new prometheus.Counter({ name: full(name), help, labelNames, registers }),
    histogram: (name, help, labelNames, buckets) =>
      new prometheus.Histogram({ name: full(name), help, labelNames, buckets, registers }),
    gauge: (name, help, labelNames, read) => {
      const gauge = new prometheus.Gauge({
        name: full(name),
        help,
        labelNames,
        registers,
        collect() {
          gauge.reset();
          read((labels, value) => gauge.set(labels, value));
        },
      });
    },
  };
}
