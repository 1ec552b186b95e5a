import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeIncident } from "../../../src/ledger/incidents.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { countIncidents } from "../../../src/ledger/open-incidents.ts";

test("open incidents of an environment are counted by level, also while another writes", () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "state.db");
  expect(countIncidents(file, "local")).toEqual({});
  const ledger = openLedger(file);
  onTestFinished(() => void ledger.close());
  const at = "2026-11-21T00:00:00.000Z";
  const incident = (level: string) => ({ level, since: at, toldAt: at, times: 1 });
  for (const [environment, subject, level] of [
    ["local", "job:database", "error"],
    ["local", "job:models", "error"],
    ["local", "health:database", "critical"],
    ["staging", "job:database", "error"],
  ] as const) {
    writeIncident(ledger, { environment, subject }, incident(level));
  }
  ledger.exec("BEGIN IMMEDIATE");
  expect(countIncidents(file, "local")).toEqual({ error: 2, critical: 1 });
  ledger.exec("ROLLBACK");
  writeIncident(ledger, { environment: "local", subject: "health:database" }, null);
  expect(countIncidents(file, "local")).toEqual({ error: 2 });
});
