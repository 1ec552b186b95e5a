import { type Node, fromValue } from "./tree.ts";

/**
 * Defaults that are entries of maps with free keys: a project adds to them, changes one, or takes
 * one away with null. All other defaults stand in the schema.
 */
const entries = {
  backup: {
    sets: {
      models: { files: ["models/**"] },
      database: { database: true },
      full: {
        files: ["models/**", "uploads/**", "content/**", "studio.yaml", ".env*"],
        logs: "7d",
        database: true,
        ledger: true,
      },
    },
  },
  schedule: {
    jobs: {
      models: {
        cron: "0 * * * *",
        run: "backup create --set models",
        catchUp: "none",
        group: "backup",
      },
      database: { cron: "0 2 * * *", run: "backup create --set database", group: "backup" },
      full: { cron: "0 3 * * 0", run: "backup create --set full", group: "backup" },
      cleanup: { cron: "0 4 * * *", run: "backup prune", group: "backup" },
      drill: { cron: "0 5 * * 0", run: "backup drill", group: "backup" },
    },
  },
  serve: { rateLimit: { routes: { "POST /api/v1/batch/process": "10/60s" } } },
};

/** On one's own machine a deploy is short and asks for little. */
const localDeploy = {
  require: { memory: "512MB", disk: "1GB" },
  gate: { duration: "3s" },
  watch: { for: "5s" },
};

/** The lowest layer of the settings of an environment with this target. */
export function defaultValues(target: unknown): Node {
  const values = target === "local" ? { ...entries, deploy: localDeploy } : entries;
  return fromValue(values, { source: "default" });
}
