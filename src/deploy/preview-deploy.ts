import { bundledModelsFolder, listModels } from "../inference/models.ts";
import { type Ledger, openLedgerForReading } from "../ledger/ledger.ts";
import { findUnfinished } from "../ledger/operations.ts";
import { codeFingerprint } from "./content/fingerprint.ts";
import type { DeployInput, DeployWork } from "./deploy-input.ts";
import type { DeployOptions } from "./deploy.ts";
import { deploySteps } from "./deploy-steps.ts";
import { planDeploy } from "./plan-deploy.ts";
import { modelFolders } from "./project-folders.ts";
import type { View } from "./view.ts";

export interface DeployPlanView {
  release: string;
  previous: string | null;
  code: string;
  models: string[];
  migrations: string[];
  schemaHead: string | null;
  backup: string;
  traffic: string;
  url: string;
  steps: string[];
}

/**
 * What a deploy would do now; nothing is changed, and no lock is taken. Code and models are looked
 * at but not read: the deploy itself does that.
 */
export async function previewDeploy(
  place: View,
  options: Pick<DeployOptions, "skip" | "allowBreaking">,
): Promise<DeployPlanView> {
  return readUnlocked(place, async (ledger) => {
    const models = await listModels(modelFolders(place.project), bundledModelsFolder);
    const fingerprint = codeFingerprint();
    const code = { digest: "", fingerprint, bytes: 0, entry: "", migrations: "" };
    const { skip, allowBreaking } = options;
    const request = { place, content: { code, models: [] }, ledger, skip, allowBreaking };
    const input = await planDeploy(request);
    const same = input.previous?.record.code.fingerprint === fingerprint;
    return viewPlan(place, input, {
      code: `studio ${place.desk.version}${same ? " (unchanged)" : ""}`,
      models: models.map(({ name, version, source }) =>
        [name, version, `(${source})`].filter((word) => word !== null).join(" "),
      ),
    });
  });
}

/**
 * Looks at the ledger (null before the first operation) without a lock. Refuses where an operation
 * did not end: what it left is no ground for a plan.
 */
export async function readUnlocked<T>(
  place: View,
  read: (ledger: Ledger | null) => Promise<T>,
): Promise<T> {
  const ledger = openLedgerForReading(place.desk.paths.ledger);
  try {
    if (ledger !== null) {
      const unfinished = findUnfinished(ledger, place.desk.environment);
      if (unfinished !== null) {
        const { unfinishedError } = await import("../operation/perform.ts");
        throw unfinishedError(unfinished);
      }
    }
    return await read(ledger);
  } finally {
    ledger?.close();
  }
}

/** A plan for people, and for programs. */
export function viewPlan(
  place: View,
  input: DeployInput,
  content: Pick<DeployPlanView, "code" | "models">,
): DeployPlanView {
  const { release, previous, schema, first, skip } = input;
  // Built for the steps' titles alone.
  const work = { place, input, release, previous: previous?.record ?? null } as DeployWork;
  return {
    release: release.id,
    previous: previous?.record.id ?? null,
    ...content,
    migrations: schema.pending,
    schemaHead: schema.head,
    backup: skip.backup
      ? "none (--skip-backup)"
      : `set "full" ${first ? "after migrating: nothing exists yet" : "before migrating"}, read back`,
    traffic: place.target.describeSwitch(release, previous?.record ?? null),
    url: place.target.publicUrl(release),
    steps: deploySteps(work).map((step) => step.title),
  };
}
