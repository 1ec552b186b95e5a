import { type Ledger, openLedgerForReading } from "../ledger/ledger.ts";
import { findUnfinished } from "../ledger/operations.ts";
import { currentRelease } from "../ledger/releases.ts";
import type { Step, StepRun } from "../operation/step.ts";
import type { DeployInput, DeployWork } from "./deploy-input.ts";
import type { DeployOptions } from "./deploy.ts";
import { deploySteps } from "./deploy-steps.ts";
import { planDeploy } from "./plan-deploy.ts";
import type { Outline } from "./release-keeper.ts";
import type { ReleaseRecord } from "./release.ts";
import type { OpenStreams } from "./target.ts";
import type { View } from "./view.ts";

export interface DeployPlanView {
  release: string;
  previous: string | null;
  code: string;
  models: string[];
  /** What the operator should know before it begins. */
  remarks: string[];
  migrations: string[];
  schemaHead: string | null;
  backup: string;
  traffic: string;
  /** To the release before; null where there is none, or nobody can count them. */
  streams: OpenStreams | null;
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
    const current = ledger === null ? null : currentRelease(ledger, place.desk.environment);
    const outline = await place.target.outline((current?.record ?? null) as ReleaseRecord | null);
    const { skip, allowBreaking } = options;
    const { parts } = outline;
    const input = await planDeploy({ place, parts, ledger, skip, allowBreaking });
    return viewPlan(place, input, outline);
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
export async function viewPlan(
  place: View,
  input: DeployInput,
  content: Pick<Outline, "code" | "models" | "remarks">,
): Promise<DeployPlanView> {
  const { release, previous, schema, first, skip } = input;
  // Built for the steps' titles alone.
  const work = { place, input, release, previous: previous?.record ?? null } as DeployWork;
  return {
    release: release.id,
    previous: previous?.record.id ?? null,
    code: content.code,
    models: content.models,
    remarks: content.remarks,
    migrations: schema.pending,
    schemaHead: schema.head,
    backup: skip.backup
      ? "none (--skip-backup)"
      : `set "full" ${first ? "after migrating: nothing exists yet" : "before migrating"}, read back`,
    traffic: place.target.describeSwitch(release, previous?.record ?? null),
    streams: await streamsBefore(place, input),
    url: place.target.publicUrl(release),
    steps: deploySteps(work)
      .filter((step) => !isSkipped(step))
      .map((step) => step.title),
  };
}

/** One that ends before the new one starts is given its grace alone, whatever is open to it. */
async function streamsBefore(
  { target }: View,
  { release, previous }: DeployInput,
): Promise<OpenStreams | null> {
  const isBeside = target.succession(release) === "beside";
  return previous?.running === true && isBeside ? target.openStreams(previous.record) : null;
}

/** What the plan knows already: a step that finds a reason only as it is reached is shown. */
function isSkipped(step: Step): boolean {
  return typeof step.skip?.({} as StepRun) === "string";
}
