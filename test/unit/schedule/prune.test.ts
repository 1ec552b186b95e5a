import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { finishJobRun, insertJobRun, listJobRuns } from "../../../src/ledger/job-runs.ts";
import { type Ledger, openLedger } from "../../../src/ledger/ledger.ts";
import { insertNotice, listDeliveries } from "../../../src/ledger/notices.ts";
import { pruneHistory } from "../../../src/ledger/prune.ts";
import { writeMetricsFile } from "../../../src/schedule/metrics-file.ts";
import { placeWith } from "../../support/schedule-place.ts";

function ledgerInFolder(): Ledger {
  const folder = mkdtempSync(join(tmpdir(), "l-"));
  const ledger = openLedger(join(folder, "state.db"));
  onTestFinished(() => {
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return ledger;
}

function addRun(ledger: Ledger, job: string, day: string, outcome: "succeeded" | "failed"): void {
  const at = `${day}T02:00:00.000Z`;
  const id = `${job} ${day}`;
  insertJobRun(ledger, {
    id,
    environment: "local",
    job,
    trigger: "crontab",
    dueAt: at,
    claimedAt: at,
    startedAt: null,
    finishedAt: null,
    outcome: null,
    reason: null,
    exitCode: null,
    signal: null,
    firings: 1,
    process: { pid: 1, started: null, boot: null },
    group: null,
    log: null,
  });
  finishJobRun(ledger, id, { at, outcome });
}

test("old runs are forgotten, but for the last of each job, and the last that succeeded", () => {
  const ledger = ledgerInFolder();
  addRun(ledger, "rare", "2026-01-01", "succeeded");
  addRun(ledger, "rare", "2026-02-01", "failed");
  addRun(ledger, "rare", "2026-03-01", "failed");
  addRun(ledger, "daily", "2026-03-01", "succeeded");
  addRun(ledger, "daily", "2026-11-21", "failed");
  addRun(ledger, "daily", "2026-11-22", "succeeded");
  expect(pruneHistory(ledger, "local", new Date("2026-08-01"))).toBe(2);
  const left = listJobRuns(ledger, { environment: "local", job: null, limit: 10 });
  expect(left.map(({ id }) => id)).toEqual([
    "daily 2026-11-22",
    "daily 2026-11-21",
    "rare 2026-03-01",
    "rare 2026-01-01",
  ]);
});

test("old messages are forgotten with their deliveries, but for those that still wait", () => {
  const ledger = ledgerInFolder();
  const at = "2026-01-01T00:00:00.000Z";
  insertNotice(ledger, { id: "told", environment: "local", at, message: {} }, []);
  insertNotice(ledger, { id: "waits", environment: "local", at, message: {} }, ["ops"]);
  expect(pruneHistory(ledger, "local", new Date("2026-08-01"))).toBe(1);
  const left = listDeliveries(ledger, { environment: "local", open: true, limit: 10 });
  expect(left.map(({ notice }) => notice.id)).toEqual(["waits"]);
});

test("the figures of jobs are in a file for Prometheus, also of those that never ran", () => {
  const place = placeWith({ own: { cron: "0 2 * * *", shell: "true" } });
  const file = writeMetricsFile(place);
  const line = 'studio_job_last_success_timestamp_seconds{environment="local",job="own"} 0';
  expect(readFileSync(file, "utf8")).toContain(line);
});
