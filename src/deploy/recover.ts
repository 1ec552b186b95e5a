import { homedir } from "node:os";
import { usageError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { OperationRow } from "../ledger/operations.ts";
import { type RecoveryPlan, previewRecovery } from "../operation/preview-recovery.ts";
import { type Recovered, abort, leave, resume } from "../operation/recover.ts";
import type { Step } from "../operation/step.ts";
import { type ScheduleInput, scheduleSteps } from "../schedule/backends/install-steps.ts";
import type { SystemdInput } from "../service/systemd.ts";
import { deployWork } from "./deploy.ts";
import type { DeployInput } from "./deploy-input.ts";
import { type DetachInput, detachSteps, endSteps } from "./detach-steps.ts";
import { deploySteps } from "./deploy-steps.ts";
import type { IssuedKey } from "./issued-key.ts";
import { type KeyInput, keySteps } from "./keys.ts";
import { type MaintenanceInput, maintenanceSteps } from "./maintenance.ts";
import { type MigrateInput, migrateSteps } from "./migrate.ts";
import { type RepairInput, repairSteps } from "./repair-journal.ts";
import { type BootstrapInput, bootstrapSteps } from "./steps/bootstrap.ts";
import { restoreSteps } from "./steps/restore.ts";
import type { RestoreInput } from "./steps/restore-input.ts";
import { type RunInput, downSteps, upSteps } from "./run-release.ts";
import type { Workplace } from "./workplace.ts";

/** The steps of any operation on an environment, from what the ledger kept of it. */
async function stepsOf(
  place: Workplace,
  ledger: Ledger,
  row: OperationRow,
  issued: IssuedKey[],
): Promise<readonly Step[]> {
  switch (row.kind) {
    case "deploy":
    case "rollback": {
      const draft = () => place.target.releases.read();
      return deploySteps(deployWork(place, ledger, row.input as DeployInput, draft, issued));
    }
    case "up":
      return upSteps(place, ledger, row.input as RunInput);
    case "down":
      return "daemon" in (row.input as object)
        ? endSteps(place, row.input as DetachInput)
        : downSteps(place, ledger, row.input as RunInput);
    case "serve":
      return detachSteps(place, row.input as DetachInput);
    case "restore":
      return restoreSteps(place, ledger, row.input as RestoreInput);
    case "bootstrap":
      return bootstrapSteps(place, ledger, row.input as BootstrapInput);
    case "migrate":
      return migrateSteps(place, row.input as MigrateInput);
    case "maintenance":
      return maintenanceSteps(place, row.input as MaintenanceInput);
    case "repair":
      return repairSteps(place, row.input as RepairInput);
    case "schedule":
      return scheduleSteps({ ledger, systemd: systemdOf(place) }, row.input as ScheduleInput);
    case "key":
      return keySteps({ place, issued }, row.input as KeyInput);
    default:
      throw usageError(
        `The unfinished operation is a "${row.kind}", which this version of studio does not know.`,
        "Use the version of studio that began it.",
      );
  }
}

/** What `resume` or `abort` would do now. */
export function previewRecover(place: Workplace, verb: "resume" | "abort"): Promise<RecoveryPlan> {
  return previewRecovery(place.desk, verb, (ledger, row) => stepsOf(place, ledger, row, []));
}

/** An operation that was brought to its end, with the keys that were made on the way. */
export type RecoveredOperation = Recovered & { keys: IssuedKey[] };

export async function resumeOperation(place: Workplace): Promise<RecoveredOperation> {
  const keys: IssuedKey[] = [];
  return {
    ...(await resume(place.desk, (ledger, row) => stepsOf(place, ledger, row, keys))),
    keys,
  };
}

export async function abortOperation(place: Workplace): Promise<RecoveredOperation> {
  const keys: IssuedKey[] = [];
  return { ...(await abort(place.desk, (ledger, row) => stepsOf(place, ledger, row, keys))), keys };
}

export async function leaveOperation(place: Workplace): Promise<RecoveredOperation> {
  return { ...(await leave(place.desk)), keys: [] };
}

function systemdOf({ variables }: Workplace): SystemdInput {
  return { env: variables, home: variables["HOME"] ?? homedir() };
}
