import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { SnapshotReport } from "../../../src/backup/create/create.ts";
import { writeBackupFigures } from "../../../src/deploy/backup-figures.ts";
import { createMetrics } from "../../../src/server/metrics.ts";
import { exporterMetrics } from "../../support/exporter-metrics.ts";
import { readingsOf } from "../../support/expression.ts";
import { renderStack } from "../../support/stack.ts";
import { startRunning } from "../server/running.ts";

interface Panel {
  title: string;
  type: string;
  datasource: { uid: string };
  targets: { expr: string }[];
}

interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
  annotations: { list: { expr: string }[] };
}

const { folder, remove } = renderStack();
const metricsFolder = join(folder, "figures");
afterAll(remove);

const dashboardFolder = join(folder, "stack/grafana/dashboards");
const dashboards = readdirSync(dashboardFolder).map(
  (file) => JSON.parse(readFileSync(join(dashboardFolder, file), "utf8")) as Dashboard,
);
const ruleFolder = join(folder, "stack/prometheus/rules");
const rules = readdirSync(ruleFolder).flatMap((file) => {
  const { groups } = parse(readFileSync(join(ruleFolder, file), "utf8")) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return groups.flatMap((group) => group.rules);
});

/** Given by the scrape configuration, to each sample of its job. */
const targetLabels = ["job", "instance", "colour"];

/** Metrics by the names of their time series, with their labels. */
async function exported(): Promise<Map<string, Set<string>>> {
  const found = new Map(
    Object.entries(exporterMetrics).map(([name, labels]) => [name, new Set(labels)]),
  );
  const add = (name: string, labels: readonly string[]): void => {
    const all = found.get(name) ?? new Set();
    for (const label of labels) all.add(label);
    found.set(name, all);
  };
  for (const line of [...(await scrape()), ...backupFigures()]) {
    const [, name = "", type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (type !== undefined)
      for (const end of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""])
        add(name + end, []);
    const [, series, inside = ""] = /^([a-z]\w*)(?:\{([^}]*)\})? /.exec(line) ?? [];
    if (series !== undefined)
      add(
        series,
        [...inside.matchAll(/(\w+)="/g)].map(([, label = ""]) => label),
      );
  }
  // A counter that nothing counted yet has no sample that would tell its labels.
  const declared = (await createMetrics()).registry.getMetricsAsArray() as unknown as {
    name: string;
    labelNames: string[];
  }[];
  for (const { name, labelNames } of declared) {
    for (const end of ["", "_bucket", "_sum", "_count"])
      if (found.has(name + end)) add(name + end, labelNames);
  }
  return found;
}

/** What a real daemon says after it has done some work. */
async function scrape(): Promise<string[]> {
  const running = await startRunning();
  try {
    const infer = { task: "language", text: "guten Tag" };
    await running.send("POST", "/api/v1/text/process", { body: infer });
    await running.send("GET", "/health/ready");
    const { body } = await running.send("GET", "/metrics");
    return String(body).split("\n");
  } finally {
    await running.close();
  }
}

function backupFigures(): string[] {
  const snapshot = {
    environment: "production",
    set: "full",
    created: "2026-11-21T02:00:00.000Z",
    counts: { files: 3, bytes: 4000 },
  };
  const report = {
    snapshot,
    added: { objects: 1, bytes: 100 },
    skipped: [],
  } as unknown as SnapshotReport;
  mkdirSync(metricsFolder, { recursive: true });
  writeBackupFigures({ folder: metricsFolder, report, milliseconds: 1500 });
  return readFileSync(join(metricsFolder, "backup-production-full.prom"), "utf8").split("\n");
}

const known = await exported();

/** What an expression reads that nobody exports. */
function unknownIn(expression: string): string[] {
  return readingsOf(expression).flatMap(({ metric, labels }) => {
    const has = known.get(metric);
    if (has === undefined) return [metric];
    if (!metric.startsWith("studio_")) return [];
    const isHistogram = metric.endsWith("_bucket");
    return labels
      .filter(
        (label) =>
          !has.has(label) && !targetLabels.includes(label) && !(isHistogram && label === "le"),
      )
      .map((label) => `${metric}{${label}}`);
  });
}

test("the expressions are understood", () => {
  expect(
    readingsOf(
      'sum by (le, a) (rate(x_bucket{b="c",d!~"e(f)"}[5m])) / y > 0.5 and on (z) w offset 5m',
    ),
  ).toEqual([
    { metric: "x_bucket", labels: ["b", "d", "le", "a", "z"] },
    { metric: "y", labels: ["le", "a", "z"] },
    { metric: "w", labels: ["le", "a", "z"] },
  ]);
  expect(unknownIn('rate(studio_requests_totals{job="studio"}[5m])')).toEqual([
    "studio_requests_totals",
  ]);
  expect(unknownIn('sum by (nobody) (studio_requests_total{job="studio"})')).toEqual([
    "studio_requests_total{nobody}",
  ]);
});

test.each(rules)("the alert $alert reads what is exported", ({ expr }) => {
  expect(unknownIn(expr)).toEqual([]);
});

test("there is a dashboard for each thing to watch", () => {
  expect(dashboards.map(({ title }) => title).toSorted()).toEqual([
    "API Performance",
    "Backups",
    "Database Metrics",
    "Error Tracking",
    "Model Serving",
    "System Resources",
    "User Activity",
  ]);
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
});

describe.each(dashboards)("the dashboard $title", ({ panels, annotations }) => {
  const { datasources } = parse(
    readFileSync(join(folder, "stack/grafana/provisioning/datasources/studio.yaml"), "utf8"),
  ) as { datasources: { uid: string }[] };

  test("reads what is exported", () => {
    expect(panels.length).toBeGreaterThan(5);
    const expressions = panels
      .filter(({ datasource }) => datasource.uid === "prometheus")
      .flatMap(({ targets }) => targets.map(({ expr }) => expr));
    for (const expr of [...expressions, ...annotations.list.map((one) => one.expr)]) {
      expect(readingsOf(expr).length, expr).toBeGreaterThan(0);
      expect(unknownIn(expr), expr).toEqual([]);
    }
  });

  test("asks sources that are there", () => {
    const there = datasources.map(({ uid }) => uid);
    for (const { datasource } of panels) expect(there).toContain(datasource.uid);
  });
});

test("backup figures are open to the exporter, and written only where it reads them", () => {
  expect(() =>
    writeBackupFigures({
      folder: join(folder, "none"),
      report: {} as SnapshotReport,
      milliseconds: 0,
    }),
  ).not.toThrow();
  expect(backupFigures()).toContain(
    'studio_backup_last_success_timestamp_seconds{environment="production",set="full"} 1795226400',
  );
  expect(readdirSync(metricsFolder)).toEqual(["backup-production-full.prom"]);
});
