import { reasonOf } from "../errors.ts";
import { ModelPool } from "./model-pool.ts";
import type { ModelRecord } from "./models.ts";
import { describeVersion } from "./repository/describe.ts";
import type { LocatedVersion } from "./repository/locate.ts";

export interface VersionVerdict {
  name: string;
  version: string;
  ok: boolean;
  /** Null when the file could not be read. */
  sha256: string | null;
  /** Absolute path of the manifest that the files agree with; null without one. */
  manifest: string | null;
  /** Milliseconds to load and warm up; null when that failed. */
  loaded: number | null;
  /** Why it is not fit to be served. */
  reason: string | null;
}

/**
 * Hashes the files of a version against its manifest, loads it with one instance as the daemon
 * does, has its warm-up requests answered, and lets it go.
 */
export async function verifyVersion(located: LocatedVersion): Promise<VersionVerdict> {
  const { name, version } = located;
  const nothing = { sha256: null, manifest: null, loaded: null, reason: null };
  const verdict: VersionVerdict = { name, version, ok: false, ...nothing };
  try {
    const record = await describeVersion(located);
    verdict.sha256 = record.sha256;
    verdict.manifest = record.manifest;
    verdict.loaded = await loadOnce(record);
    return { ...verdict, ok: true };
  } catch (error) {
    return { ...verdict, reason: reasonOf(error) };
  }
}

/** @returns milliseconds until it was ready */
export async function loadOnce(record: ModelRecord): Promise<number> {
  const start = performance.now();
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  const silent = { info: () => undefined, error: () => undefined };
  const one = { ...record, configuration: { ...record.configuration, instances: 1 } };
  const pool = new ModelPool([one], {
    log: silent,
    changed: () => {
      if (pool.settled) resolve();
    },
  });
  try {
    pool.start();
    await settled;
    const [problem] = pool.problems();
    if (problem !== undefined) throw new Error(problem.reason ?? "it did not become ready");
    return Math.round(performance.now() - start);
  } finally {
    await pool.close();
  }
}
