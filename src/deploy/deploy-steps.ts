import type { Step } from "../operation/step.ts";
import type { DeployWork } from "./deploy-input.ts";
import type { FoundHealthy } from "./health.ts";
import { backupStep } from "./steps/backup.ts";
import { firstKeyStep } from "./steps/first-key.ts";
import { hookSteps } from "./steps/hook.ts";
import { maintenanceStep } from "./steps/maintenance.ts";
import { migrateStep } from "./steps/migrate.ts";
import { preflightStep } from "./steps/preflight.ts";
import { prepareStep } from "./steps/prepare.ts";
import { pruneStep } from "./steps/prune.ts";
import { recordStep } from "./steps/record.ts";
import { type ServicesBefore, servicesSteps } from "./steps/services.ts";
import {
  gateStep,
  healthStep,
  retireStep,
  startStep,
  switchStep,
  watchStep,
} from "./steps/serve.ts";

/** A deploy, for every target, and a rollback: the same path to another release. */
export function deploySteps(work: DeployWork): Step[] {
  const found: Partial<FoundHealthy> = {};
  return [
    preflightStep(work),
    ...hookSteps(work, "before"),
    prepareStep(work),
    ...servicesSteps(work.place, work.release, runningBefore(work)),
    ...(work.input.maintenance === true ? [maintenanceStep(work)] : []),
    backupStep(work, "before"),
    migrateStep(work),
    backupStep(work, "after"),
    startStep(work),
    healthStep(work, found),
    gateStep(work),
    switchStep(work),
    watchStep(work, found),
    ...firstKeyStep(work),
    recordStep(work),
    retireStep(work),
    pruneStep(work),
    ...hookSteps(work, "after"),
  ];
}

function runningBefore({ input }: DeployWork): ServicesBefore {
  if (input.previous?.status === "current") return input.previous.record;
  return input.servicesRan === true ? "of others" : null;
}
