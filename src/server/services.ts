import type { Knex } from "knex";
import { connectDatabase } from "../database/connect.ts";
import { ModelPool } from "../inference/model-pool.ts";
import { bundledModelsFolder, findModels } from "../inference/models.ts";
import { LanguageTask } from "../inference/tasks/language.ts";
import { VectorStore } from "../inference/vectors.ts";
import { createKeyCheck, type KeyCheck } from "./authentication.ts";
import { componentChecks, storageFolder } from "./component-checks.ts";
import type { Daemon, DaemonSpec } from "./daemon-spec.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { Maintenance } from "./maintenance.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { PublicListener, type RequestHandler } from "./public-listener.ts";
import { SystemMeter } from "./system-usage.ts";
import { Traffic } from "./traffic.ts";

/** What the routes work with. */
export interface Services {
  spec: DaemonSpec;
  now: () => Date;
  keyCheck: KeyCheck | null;
  models: ModelPool;
  language: LanguageTask;
  database: Knex;
  vectors: VectorStore;
  /** Makes the vector of a search text, where a model for it is loaded. */
  embedQuery?: (text: string) => Promise<ArrayLike<number>>;
  health: HealthMonitor;
  metrics: Metrics;
  traffic: Traffic;
  maintenance: Maintenance;
  listener: PublicListener;
  daemon(): Daemon;
}

/** The parts of the daemon, nothing of them running yet. */
export async function createServices(
  spec: DaemonSpec,
  late: { daemon(): Daemon; handler: RequestHandler },
): Promise<Services> {
  const now = spec.now ?? (() => new Date());
  const host = spec.listen?.host ?? spec.serve.host;
  const keyCheck = createKeyCheck(host, spec.serve.auth.required, spec.keys ?? []);
  const metrics = await createMetrics();
  const models = new ModelPool(await findModels(spec.modelFolders, bundledModelsFolder), {
    log: spec.logger.child({ module: "inference" }),
    ran: (record, run) => metrics.batchFinished(record, run),
    changed: () => void health.report(0),
  });
  const language = new LanguageTask(models);
  // Short waits inside SQLite: it waits on the thread that answers requests.
  const database = await connectDatabase(spec.database, { busyTimeout: 50 });
  const health = createHealthMonitor(spec, database, models, now);
  const traffic = new Traffic((exchange) => {
    const { id: requestId, method, route, status, milliseconds, control } = exchange;
    if (!control) metrics.requestFinished(exchange);
    const ms = Math.round(milliseconds * 10) / 10;
    // Whoever asks for health and state does so every second: that would bury the rest.
    const quiet = status < 400 && (control || route?.startsWith("/health") === true);
    spec.logger[quiet ? "debug" : "info"]({ requestId, method, route, status, ms }, "request");
  });
  const listener = new PublicListener({
    handler: late.handler,
    descriptors: spec.descriptors,
    listen: spec.listen,
    requestTimeout: spec.serve.timeout,
  });
  metrics.read({ listener, traffic, models, database, health });
  const { memory, approximateFrom } = spec.serve.vectors;
  const vectors = new VectorStore(database, {
    now,
    memory,
    approximateFrom: approximateFrom === "never" ? null : approximateFrom,
  });
  const maintenance = new Maintenance(spec.maintenanceFile ?? null);
  const data = { models, language, database, vectors };
  const parts = { ...data, health, metrics, traffic, maintenance, listener };
  return { spec, now, keyCheck, ...parts, daemon: () => late.daemon() };
}

function createHealthMonitor(
  spec: DaemonSpec,
  database: Knex,
  models: ModelPool,
  now: () => Date,
): HealthMonitor {
  const folder = storageFolder(spec);
  return new HealthMonitor({
    checks: componentChecks(database, models, folder),
    meter: new SystemMeter(folder),
    now,
    changed: (component, status, reason) => {
      // Models that warm up are no warning; one that fails is logged as an error by itself.
      const level = status === "healthy" || component === "models" ? "info" : "warn";
      spec.logger[level]({ component, status, reason }, "health");
    },
  });
}
