import { setTimeout as sleep } from "node:timers/promises";
import type { ModelPool } from "./model-pool.ts";
import { openModels } from "./open-models.ts";
import { compute } from "./performance/measure.ts";
import { sampleRow } from "./performance/sample.ts";

/** Models that are loaded, each with a call that computes one row. */
export interface SampleCalls {
  /** By `name/version`. */
  calls: { name: string; call: () => Promise<unknown> }[];
  /** The models that could not be loaded. */
  broken: { name: string; reason: string }[];
  close: () => Promise<void>;
}

/** Milliseconds after which a row is given up. */
const patience = 60_000;

/**
 * Loads the models of these folders and those that come with studio, as the daemon does, each in
 * one thread.
 *
 * @param folders absolute paths
 */
export async function openSampleCalls(folders: readonly string[]): Promise<SampleCalls> {
  const log = { info: () => undefined, error: () => undefined };
  const pool = await openModels({ folders, log, instances: 1 });
  pool.start();
  while (!pool.settled) await sleep(10);
  const index = pool.index();
  return {
    calls: index.flatMap(({ name, version, state }) =>
      state === "READY" ? [callOf(pool, name, version)] : [],
    ),
    broken: index
      .filter(({ state }) => state !== "READY")
      .map(({ name, version, reason }) => {
        return { name: `${name}/${version}`, reason: reason ?? "it is not ready" };
      }),
    close: () => pool.close(),
  };
}

function callOf(pool: ModelPool, name: string, version: string): SampleCalls["calls"][number] {
  const model = pool.require(name, version);
  const row = sampleRow(model, {});
  const call = () => compute(model, row, { timeout: patience });
  return { name: `${name}/${version}`, call };
}
