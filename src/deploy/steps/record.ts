import {
  amendRelease,
  recordCurrentRelease,
  setReleaseStatus,
  withdrawRelease,
  currentRelease,
} from "../../ledger/releases.ts";
import type { Step, StepRun } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";
import type { ProbeFigures } from "../public-probe.ts";
import { type ReleaseEvidence, type ReleaseRecord, readReleaseRecord } from "../release.ts";
import type { WatchResult } from "./serve.ts";

/** Writes into the ledger which release is the current one: from here on the deploy counts. */
export function recordStep(work: DeployWork): Step {
  const { ledger, release, input, previous, place } = work;
  return {
    id: "record",
    title: "Record the release as the current one",
    probe() {
      const current = currentRelease(ledger, release.environment);
      return current?.id === release.id && current.status === "current" ? "done" : "absent";
    },
    do: (run) =>
      run.effect("ledger", () =>
        recordCurrentRelease(
          ledger,
          {
            id: release.id,
            environment: release.environment,
            operation: run.operation,
            createdAt: release.createdAt,
            schemaHead: release.schemaHead,
            // As it was kept: with what was found out about it since it was planned.
            record: {
              ...readReleaseRecord(place.desk.paths, release.id),
              cutStreams: cutOf(run.results.get("watch")),
              evidence: evidenceOf(work, run),
            },
          },
          place.desk.now().toISOString(),
        ),
      ),
    undo: (run) =>
      run.effect("ledger", () => {
        const current = currentRelease(ledger, release.environment);
        if (current?.id !== release.id) return;
        withdrawRelease(ledger, {
          id: release.id,
          previous: previous?.id ?? null,
          forget: input.fresh,
        });
        if (input.previous?.status === "stopped") {
          setReleaseStatus(ledger, input.previous.record.id, "stopped");
        }
      }),
  };
}

/** The probe asks until the release before has ended: its figures are added then. */
function evidenceOf({ place, input, release }: DeployWork, { results }: StepRun): ReleaseEvidence {
  // Of a step that was skipped the reason is told, and no figures.
  const told = (step: string): object | null => {
    const result = results.get(step);
    return typeof result === "object" ? result : null;
  };
  return {
    snapshot: told(input.first ? "first-backup" : "backup") === null ? null : input.snapshot,
    gate: told("gate"),
    front: place.target.frontFiles?.(release) ?? {},
    probe: null,
  };
}

/** Adds what the deploy's own requests met to the record of the release that they met. */
export function recordProbe({ ledger, release }: DeployWork, probe: ProbeFigures | null): void {
  const row = currentRelease(ledger, release.environment);
  if (row?.id !== release.id) return;
  const record = row.record as ReleaseRecord;
  if (record.evidence === undefined) return;
  amendRelease(ledger, row.id, { ...record, evidence: { ...record.evidence, probe } });
}

/** Null where nobody served before, or nobody counts. */
export function cutOf(told: unknown): number | null {
  return (told as WatchResult | null | undefined)?.cut ?? null;
}
