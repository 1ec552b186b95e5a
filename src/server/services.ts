import { availableParallelism } from "node:os";
import type { Knex } from "knex";
import { connectDatabase } from "../database/connect.ts";
import { CrashRecord } from "../inference/crashes/crash-record.ts";
import { ImageDecoder } from "../inference/images/image-decoder.ts";
import type { ModelPool } from "../inference/model-pool.ts";
import { openModels } from "../inference/open-models.ts";
import type { LanguageTask } from "../inference/tasks/language.ts";
import { TextTasks } from "../inference/tasks/text.ts";
import { ImageTask } from "../inference/tasks/image.ts";
import { PerformanceTask } from "../inference/tasks/performance.ts";
import { VectorStore } from "../inference/vectors.ts";
import { componentChecks, storageFolder } from "./component-checks.ts";
import type { Daemon, DaemonSpec } from "./daemon-spec.ts";
import { createGuard } from "./guard/create-guard.ts";
import type { Guard } from "./guard/guard.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { HealthTeller } from "./health-teller.ts";
import { Maintenance } from "./maintenance.ts";
import type { MalformedRequest } from "./malformed-request.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { RedisCounts } from "./rate-limit/redis-counts.ts";
import { PublicListener, type RequestHandler } from "./public-listener.ts";
import { SystemMeter } from "./system-usage.ts";
import { Traffic } from "./traffic.ts";

/** What the routes work with. */
export interface Services {
  spec: DaemonSpec;
  now: () => Date;
  guard: Guard;
  /** Null where it is not used. */
  redis: RedisCounts | null;
  models: ModelPool;
  /** Null where it is not kept. */
  crashes: CrashRecord | null;
  language: LanguageTask;
  texts: TextTasks;
  images: ImageTask;
  performance: PerformanceTask;
  database: Knex;
  vectors: VectorStore;
  health: HealthMonitor;
  /** Null where nobody is to be told. */
  teller: HealthTeller | null;
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
  const metrics = await createMetrics();
  const watched: { health?: HealthMonitor; texts?: TextTasks } = {};
  const crashes = openCrashRecord(spec, now);
  const { workers = "auto" } = spec.serve;
  const models = await openModels({
    folders: spec.modelFolders,
    instances: workers === "auto" ? undefined : workers,
    log: spec.logger.child({ module: "inference" }),
    cache: spec.serve.cache,
    crashes,
    ran: ({ name: model, version }, { rows, tokens, queued, milliseconds, failed }) => {
      const times = { queueMilliseconds: queued, computeMilliseconds: milliseconds };
      metrics.batchFinished({ model, version, rows, tokens, failed, ...times });
    },
    looked: ({ name: model, version }, hit) => metrics.cacheUsed({ model, version, hit }),
    answered: ({ name: model, version }, { milliseconds, outcome }) =>
      metrics.inferenceAnswered({ model, version, milliseconds, outcome }),
    changed: () => {
      // A model may be found broken before there is anybody to tell.
      void watched.health?.report(0);
      void watched.texts?.embeddings.prepare();
    },
    stuck: () => late.daemon().giveUp(),
  });
  const texts = new TextTasks(models, { tokens: spec.serve.limits.tokens });
  watched.texts = texts;
  const images = new ImageTask(models, createImageDecoder(spec));
  const freeMemory = () => process.availableMemory();
  const performance = new PerformanceTask(models, availableParallelism(), freeMemory);
  // Short waits inside SQLite: it waits on the thread that answers requests.
  const database = await connectDatabase(spec.database, { busyTimeout: 50 });
  const { guard, redis } = await createGuard(spec, { database, metrics, now });
  const teller = createHealthTeller(spec, watched, () => listener.accepting);
  const health = createHealthMonitor(spec, { database, models, redis, teller }, now);
  watched.health = health;
  const traffic = new Traffic((exchange) => {
    const { control, route, status, code } = exchange;
    if (!control) metrics.requestFinished(exchange);
    // Whoever asks for health and state does so every second: that would bury the rest.
    const quiet = status < 400 && (control || route?.startsWith("/health") === true);
    const level = quiet ? "debug" : "info";
    if (!spec.logger.isLevelEnabled(level)) return;
    const { id: requestId, trace, caller, method, milliseconds } = exchange;
    const ids = { requestId, trace_id: trace.traceId, span_id: trace.spanId };
    const ms = Math.round(milliseconds * 10) / 10;
    const fields = { ...ids, caller, method, route, status, ms };
    spec.logger[level](code === null ? fields : { ...fields, code }, "request");
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
    limits: spec.serve.limits,
  });
  const release = {
    release: spec.release,
    version: spec.version,
    environment: spec.environment,
  };
  const { openIncidents } = spec;
  metrics.read({ release, listener, traffic, models, database, health, openIncidents });
  const { memory, approximateFrom } = spec.serve.vectors;
  const vectors = new VectorStore(database, {
    now,
    memory,
    approximateFrom: approximateFrom === "never" ? null : approximateFrom,
  });
  const maintenance = new Maintenance(spec.maintenanceFile ?? null);
  const tasks = { texts, language: texts.language, images, performance };
  const data = { models, crashes, ...tasks, database, vectors };
  const parts = { ...data, health, teller, metrics, traffic, maintenance, listener, malformed };
  return { spec, now, guard, redis, ...parts, daemon: () => late.daemon() };
}

function openCrashRecord({ crashes, logger }: DaemonSpec, now: () => Date): CrashRecord | null {
  const record = crashes === undefined ? null : CrashRecord.open(crashes, now());
  if (record?.last === null || record === null) return record;
  const { signal, crash } = record.last;
  const { model, version, act } = crash ?? {};
  const fields = crash === null ? { signal } : { signal, model, version, act };
  logger.error(fields, "the process before this one did not end in good order");
  return record;
}

/** The four threads that decode also read files, and the processors are the models' too. */
function createImageDecoder({ serve: { limits } }: DaemonSpec): ImageDecoder {
  return new ImageDecoder({
    atOnce: availableParallelism() >= 4 ? 2 : 1,
    bytes: Math.max(128_000_000, 2 * limits.body),
    pixels: limits.pixels,
  });
}

function createHealthMonitor(
  spec: DaemonSpec,
  parts: Pick<Services, "database" | "models" | "redis" | "teller">,
  now: () => Date,
): HealthMonitor {
  const folder = storageFolder(spec);
  return new HealthMonitor({
    checks: componentChecks(parts, folder),
    meter: new SystemMeter(folder),
    now,
    changed: (component, status, reason) => {
      // Models that warm up are no warning; one that fails is logged as an error by itself.
      // Of Redis a warning was logged when it was lost.
      const isTold = component === "models" || component === "redis";
      const level = status === "healthy" || isTold ? "info" : "warn";
      spec.logger[level]({ component, status, reason }, "health");
    },
    looked: (report, reasons) => parts.teller?.consider(report, reasons),
  });
}

function createHealthTeller(
  { tellHealth }: DaemonSpec,
  watched: { health?: HealthMonitor },
  isServing: () => boolean,
): HealthTeller | null {
  if (tellHealth === undefined) return null;
  const look = async () => await watched.health?.report(0);
  return new HealthTeller({ tell: tellHealth, isServing, look });
}
