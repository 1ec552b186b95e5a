import { createRequire } from "node:module";
import type { Index, IndexConfig, MetricKind, ScalarKind } from "usearch";

export interface Usearch {
  Index: new (configuration: IndexConfig) => Index;
  MetricKind: typeof MetricKind;
  ScalarKind: typeof ScalarKind;
}

/**
 * The package by its CommonJS entry. The other one finds its native part by looking at the call
 * stack; called from an ES module it searches upwards from the wrong place, and beyond the root.
 */
export function loadUsearch(): Usearch {
  return createRequire(import.meta.url)("usearch") as Usearch;
}
