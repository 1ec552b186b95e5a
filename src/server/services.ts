import type { Knex } from "knex";
import { connectDatabase } from "../database/connect.ts";
import type { ModelPool } from "../inference/model-pool.ts";
import { openModels } from "../inference/open-models.ts";
import type { LanguageTask } from "../inference/tasks/language.ts";
import { TextTasks } from "../inference/tasks/text.ts";
import { VectorStore } from "../inference/vectors.ts";
import { createKeyCheck, type KeyCheck } from "./authentication.ts";
import { componentChecks, storageFolder } from "./component-checks.ts";
import type { Daemon, DaemonSpec } from "./daemon-spec.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { Maintenance } from "./maintenance.ts";
import type { MalformedRequest } from "./malformed-request.ts";
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
  texts: TextTasks;
  database: Knex;
  vectors: VectorStore;
  health: HealthMonitor;
  metrics: Metrics;
  traffic: Traffic;
  maintenance: Maintenance;
  listener: PublicListener;
  malformed: MalformedRequest;
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
  const models = await openModels({
    folders: spec.modelFolders,
    log: spec.logger.child({ module: "inference" }),
    cache: spec.serve.cache,
    ran: ({ name: model, version }, { queued, milliseconds, ...run }) => {
      const times = { queueMilliseconds: queued, computeMilliseconds: milliseconds };
      metrics.batchFinished({ model, version, ...run, ...times });
    },
    looked: ({ name: model, version }, hit) => metrics.cacheUsed({ model, version, hit }),
    answered: ({ name: model, version }, { milliseconds, outcome }) =>
      metrics.inferenceAnswered({ model, version, milliseconds, outcome }),
    changed: () => {
      void health.report(0);
      void texts.embeddings.prepare();
    },
    stuck: () => late.daemon().giveUp(),
  });
  const texts = new TextTasks(models);
  // Short waits inside SQLite: it waits on the thread that answers requests.
  const database = await connectDatabase(spec.database, { busyTimeout: 50 });
  const health = createHealthMonitor(spec, database, models, now);
  const traffic = new Traffic((exchange) => {
    const { id: requestId, trace, method, route, status, code, milliseconds, control } = exchange;
    if (!control) metrics.requestFinished(exchange);
    const ms = Math.round(milliseconds * 10) / 10;
    // Whoever asks for health and state does so every second: that would bury the rest.
    const quiet = status < 400 && (control || route?.startsWith("/health") === true);
    const ids = { requestId, trace_id: trace.traceId, span_id: trace.spanId };
    const fields = { ...ids, method, route, status, ms, ...(code === null ? {} : { code }) };
    spec.logger[quiet ? "debug" : "info"](fields, "request");
  });
  const malformed: MalformedRequest = ({ status, code }, requestId) => {
    metrics.requestMalformed();
    spec.logger.info({ requestId, status, code }, "malformed request");
  };
  const listener = new PublicListener({
    handler: late.handler,
    malformed,
    descriptors: spec.descriptors,
    listen: spec.listen,
    requestTimeout: spec.serve.timeout,
  });
  metrics.read({ listener, traffic, models, database, health });
  const vectors = new VectorStore(database, { now });
  const maintenance = new Maintenance(spec.maintenanceFile ?? null);
  const data = { models, texts, language: texts.language, database, vectors };
  const parts = { ...data, health, metrics, traffic, maintenance, listener, malformed };
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
