import type { Knex } from "knex";
import type { Registry } from "prom-client";
import type { ModelPool } from "../inference/model-pool.ts";
import { watchQueries } from "./database-watch.ts";
import type { HealthReport } from "./health-monitor.ts";
import { type InferenceMetrics, inferenceMetrics, modelGauges } from "./inference-metrics.ts";
import { createMetricMaker, type MetricMaker } from "./metric-maker.ts";
import type { CounterSeries, HistogramSeries } from "./metric-series.ts";
import type { Exchange } from "./traffic.ts";

/** Where figures are read at the moment somebody asks for the metrics. */
export interface MetricSources {
  /** What runs: its release, the version of studio, the environment. */
  release: { release: string; version: string; environment: string };
  listener: { connections: number };
  traffic: { inFlight: number };
  models: ModelPool;
  database: Knex;
  health: { newest: HealthReport | null };
  openIncidents?: (() => Record<string, number>) | undefined;
}

export interface Metrics extends InferenceMetrics {
  registry: Registry;
  requestFinished(exchange: Exchange): void;
  /** What arrived was no request, or came too slowly. */
  requestMalformed(): void;
  /** A request was not let in; the reason is the error's code. */
  refused(reason: string): void;
  /** An address was locked out. */
  lockedOut(): void;
  readLocked(count: () => number): void;
  /** One of the items of a batch was worked on. */
  itemFinished(kind: string, outcome: "success" | "failure"): void;
  /** Adds the figures of the running parts. */
  read(sources: MetricSources): void;
}

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const shortBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The daemon's metrics in a registry of its own. */
export async function createMetrics(): Promise<Metrics> {
  const maker = await createMetricMaker();
  return {
    registry: maker.registry,
    ...requestMetrics(maker),
    ...inferenceMetrics(maker),
    ...guardMetrics(maker),
    ...itemMetrics(maker),
    read(sources) {
      loadGauges(maker, sources);
      modelGauges(maker, sources.models);
      healthGauges(maker, sources);
      alertGauge(maker, sources);
      databaseMetrics(maker, sources.database);
    },
  };
}

function requestMetrics({
  counter,
  histogram,
}: MetricMaker): Pick<Metrics, "requestFinished" | "requestMalformed"> {
  const names = ["method", "route", "status"];
  const requests = counter("requests_total", "Requests answered", names);
  const seconds = histogram(
    "request_duration_seconds",
    "Time from the request's head to the end of its answer",
    names,
    requestBuckets,
  );
  const errors = counter("errors_total", "Requests that failed", ["category"]);
  const callers = counter("caller_requests_total", "Requests by the id of the key they came with", [
    "caller",
    "outcome",
  ]);
  const known = new Map<string, { count: CounterSeries; seconds: HistogramSeries }>();
  const seriesOf = (method: string, route: string, status: number) => {
    const key = `${method} ${status} ${route}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const labels = [method, route, String(status)];
    const made = { count: requests.of(...labels), seconds: seconds.of(...labels) };
    known.set(key, made);
    return made;
  };
  return {
    requestFinished({ method, route, status, code, caller, milliseconds }) {
      // A path nobody serves gets no time series of its own: callers could make any number.
      const series = seriesOf(method, route ?? "unmatched", status);
      series.count.add();
      series.seconds.observe(milliseconds / 1000);
      if (status >= 400) errors.of(categoryOf(status, code)).add();
      callers.of(caller ?? "none", status >= 400 ? "failure" : "success").add();
    },
    requestMalformed: () => errors.of("malformed").add(),
  };
}

const categories: Record<number, string> = {
  401: "authentication",
  403: "authentication",
  404: "not_found",
  405: "not_found",
  408: "timeout",
  499: "cancelled",
  501: "missing",
  503: "unavailable",
  504: "timeout",
};

function categoryOf(status: number, code: string | null): string {
  if (status === 429) return code === "inference.queue.full" ? "overload" : "rate_limit";
  return categories[status] ?? (status >= 500 ? "internal" : "validation");
}

function itemMetrics({ counter }: MetricMaker): Pick<Metrics, "itemFinished"> {
  const tasks = counter("tasks_total", "Items of batches that were worked on", ["kind", "outcome"]);
  return { itemFinished: (kind, outcome) => tasks.of(kind, outcome).add() };
}

function guardMetrics({
  counter,
  gauge,
}: MetricMaker): Pick<Metrics, "refused" | "lockedOut" | "readLocked"> {
  const refusals = counter("requests_refused_total", "Requests not let in", ["reason"]);
  const lockouts = counter("address_lockouts_total", "Addresses locked out for wrong keys", []);
  return {
    refused: (reason) => refusals.of(reason).add(),
    lockedOut: () => lockouts.of().add(),
    readLocked(count) {
      gauge("addresses_locked", "Addresses that are locked out now", [], (set) => set({}, count()));
    },
  };
}

function databaseMetrics({ counter, histogram, gauge }: MetricMaker, database: Knex): void {
  const names = ["operation", "outcome"];
  const operations = counter("database_operations_total", "Statements run", names);
  const seconds = histogram(
    "database_query_duration_seconds",
    "Time of one statement",
    ["operation"],
    shortBuckets,
  );
  watchQueries(database, ({ operation, outcome, milliseconds }) => {
    operations.of(operation, outcome).add();
    seconds.of(operation).observe(milliseconds / 1000);
  });
  const client = database.client as { pool?: { numUsed(): number } };
  gauge("database_connections", "Connections to the database in use", [], (set) =>
    set({}, client.pool?.numUsed() ?? 0),
  );
}

function loadGauges({ gauge }: MetricMaker, sources: MetricSources): void {
  const { listener, traffic, release } = sources;
  gauge("release_info", "1, with what runs", ["release", "version", "environment"], (set) =>
    set(release, 1),
  );
  gauge("active_connections", "Open connections to the public address", [], (set) =>
    set({}, listener.connections),
  );
  gauge("requests_in_flight", "Requests begun and not yet answered", [], (set) =>
    set({}, traffic.inFlight),
  );
  gauge("memory_usage_bytes", "Resident memory of the daemon", [], (set) =>
    set({}, process.memoryUsage.rss()),
  );
}

/** By the ledger: what any command, job or daemon of the environment noticed. */
function alertGauge({ gauge }: MetricMaker, { openIncidents }: MetricSources): void {
  if (openIncidents === undefined) return;
  gauge("alerts", "What stands badly in the environment, by level", ["level"], (set) => {
    const counts = openIncidents();
    for (const level of ["info", "warning", "error", "critical"]) {
      set({ level }, counts[level] ?? 0);
    }
  });
}

function healthGauges({ gauge }: MetricMaker, { health }: MetricSources): void {
  const values = { healthy: 1, degraded: 0.5, unhealthy: 0 };
  gauge("cpu_usage_percent", "Use of the machine's processors", [], (set) =>
    set({}, health.newest?.system.cpu_usage_percent ?? 0),
  );
  gauge("health_status", "1 healthy, 0.5 degraded, 0 unhealthy", ["component"], (set) => {
    for (const [component, { status }] of Object.entries(health.newest?.components ?? {})) {
      set({ component }, values[status]);
    }
  });
  gauge("health_check_duration_seconds", "Time of the last look", ["component"], (set) => {
    for (const [component, check] of Object.entries(health.newest?.components ?? {})) {
      set({ component }, check.duration_ms / 1000);
    }
  });
}
