import { pathToFileURL } from "node:url";
import type { LoadedSuite } from "./benchmark.ts";

/**
 * The functions that an ES module of the operator exports, by the names of the exports. What they
 * need is prepared where the module begins.
 *
 * @param file absolute path
 * @throws what the module throws, or an Error that says that it exports no function
 */
export async function loadFunctions(file: string): Promise<LoadedSuite> {
  const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const benchmarks = Object.entries(exported).flatMap(([name, call]) =>
    typeof call === "function" ? [{ name, call: () => call() as unknown }] : [],
  );
  if (benchmarks.length === 0) throw new Error("it exports no function");
  return { benchmarks, broken: [], close: async () => {} };
}
