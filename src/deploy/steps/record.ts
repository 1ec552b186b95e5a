import {
  recordCurrentRelease,
  setReleaseStatus,
  withdrawRelease,
  currentRelease,
} from "../../ledger/releases.ts";
import type { Step } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";
import { readReleaseRecord } from "../release.ts";
import type { SwitchFigures } from "./serve.ts";

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
              cutStreams: cutOf(run.results.get("switch")),
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

/** Null where the process that switched the traffic died. */
export function cutOf(told: unknown): number | null {
  return (told as SwitchFigures | null | undefined)?.cut ?? null;
}
