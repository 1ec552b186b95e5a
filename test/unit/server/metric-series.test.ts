import * as fc from "fast-check";
import { Counter as TheirCounter, Histogram as TheirHistogram, Registry } from "prom-client";
import type { Metric } from "prom-client";
import { expect, it } from "vitest";
import { Counter, Histogram } from "../../../src/server/metric-series.ts";

const head = { name: "a_metric", help: "What it counts", labelNames: ["model", "version"] };
const bounds = [0.001, 0.01, 0.1, 1, 10];

async function textOf(metric: unknown): Promise<string> {
  const registry = new Registry();
  registry.registerMetric(metric as Metric);
  return await registry.metrics();
}

const labels = fc.record({ model: fc.string(), version: fc.constantFrom("1", "2", 'a "b"\n') });

it("a histogram reads as prom-client's own, whatever it has seen", async () => {
  const value = fc.oneof(fc.constantFrom(...bounds), fc.double({ noNaN: true, min: 0, max: 100 }));
  const seen = fc.array(fc.record({ labels, value }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(seen, async (all) => {
      const ours = new Histogram(head, bounds);
      const theirs = new TheirHistogram({ ...head, buckets: bounds, registers: [] });
      for (const one of all) {
        ours.of(one.labels.model, one.labels.version).observe(one.value);
        theirs.observe(one.labels, one.value);
      }
      expect(await textOf(ours)).toBe(await textOf(theirs));
    }),
  );
});

it("a counter reads as prom-client's own", async () => {
  const seen = fc.array(fc.record({ labels, count: fc.nat(1000) }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(seen, async (all) => {
      const ours = new Counter(head);
      const theirs = new TheirCounter({ ...head, registers: [] });
      for (const one of all) {
        ours.of(one.labels.model, one.labels.version).add(one.count);
        theirs.inc(one.labels, one.count);
      }
      expect(await textOf(ours)).toBe(await textOf(theirs));
    }),
  );
});

it("a counter without labels is there before anything was counted", async () => {
  const text = await textOf(new Counter({ ...head, labelNames: [] }));
  expect(text).toContain("a_metric 0");
});
