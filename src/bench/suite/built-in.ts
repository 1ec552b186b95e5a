import { suggest } from "../../config/suggest.ts";
import { usageError } from "../../errors.ts";
import type { Benchmark, LoadedSuite } from "./benchmark.ts";

/** The suites that come with studio. */
export const suiteNames = ["matrix", "tensor", "json", "models"] as const;

export type SuiteName = (typeof suiteNames)[number];

/** @throws StudioError (exit 2) for a name that none has */
export function requireSuite(name: string): SuiteName {
  const found = suiteNames.find((one) => one === name);
  if (found !== undefined) return found;
  const meant = suggest(name, suiteNames);
  throw usageError(
    `There is no suite "${name}". Known are: ${suiteNames.join(", ")}.`,
    meant === undefined
      ? "A file of your own is named like ./bench.js."
      : `Did you mean "${meant}"?`,
  );
}

/** @param modelFolders absolute paths of folders with models, beside those that come with studio */
export async function loadBuiltIn(
  names: readonly SuiteName[],
  modelFolders: readonly string[],
): Promise<LoadedSuite> {
  const benchmarks: Benchmark[] = [];
  for (const name of names) benchmarks.push(...(await computations(name)));
  if (!names.includes("models")) return { benchmarks, broken: [], close: async () => {} };
  const { openSampleCalls } = await import("../../inference/sample-calls.ts");
  const models = await openSampleCalls(modelFolders);
  return {
    benchmarks: [...benchmarks, ...models.calls.map((one) => named(one))],
    broken: models.broken.map((one) => named(one)),
    close: models.close,
  };
}

async function computations(name: SuiteName): Promise<Benchmark[]> {
  if (name === "matrix") return (await import("./matrix.ts")).matrixBenchmarks();
  if (name === "tensor") return (await import("./tensor.ts")).tensorBenchmarks();
  if (name === "json") return (await import("./json.ts")).jsonBenchmarks();
  return [];
}

function named<One extends { name: string }>(one: One): One {
  return { ...one, name: `model ${one.name}` };
}
