import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Knex } from "knex";
import { systemCode } from "../errors.ts";
import type { ModelPool } from "../inference/model-pool.ts";
import type { DaemonSpec } from "./daemon-spec.ts";
import type { ComponentCheck } from "./health-monitor.ts";
import type { RedisCounts } from "./rate-limit/redis-counts.ts";
import { diskUsage } from "./system-usage.ts";

/** A file system fuller than this, in percent, is a warning. */
const fullDisk = 90;

export function componentChecks(
  { database, models, redis }: { database: Knex; models: ModelPool; redis: RedisCounts | null },
  folder: string,
): Record<string, ComponentCheck> {
  return {
    ...(redis === null ? {} : { redis: async () => (redis.isUp ? "healthy" : "degraded") }),
    database: async () => {
      try {
        await database.raw("select 1");
      } catch (error) {
        // The message of a driver may name users and hosts.
        throw new Error(`the database refused a query: ${systemCode(error) ?? "no code"}`, {
          cause: error,
        });
      }
      return "healthy";
    },
    models: async () => {
      const missing = models.problems();
      if (missing.length === 0) return models.leftOut().length === 0 ? "healthy" : "degraded";
      const named = missing.map(({ name, version, reason }) =>
        [name, version, reason === null ? "" : `(${reason})`].filter(Boolean).join(" "),
      );
      throw new Error(`not ready: ${named.join(", ")}`);
    },
    storage: async () => {
      const probe = join(folder, `.studio-write-check-${process.pid}`);
      await writeFile(probe, "written to see whether this folder takes files\n", { mode: 0o600 });
      await rm(probe, { force: true });
      return (await diskUsage(folder)) > fullDisk ? "degraded" : "healthy";
    },
  };
}

/** The folder that the daemon's data go to: the database's, else what was named, else its socket's. */
export function storageFolder(spec: DaemonSpec): string {
  const { database, privateSocket, modelFolders, storage } = spec;
  if (database.file !== null) return dirname(database.file);
  if (storage !== undefined) return storage;
  if (privateSocket !== null) return dirname(privateSocket);
  return dirname(modelFolders[0] ?? process.execPath);
}
