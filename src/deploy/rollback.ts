import { listSnapshots } from "../backup/summary.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import { createIdentifier } from "../identifier.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { findRelease, listReleases } from "../ledger/releases.ts";
import { releaseCompatibility } from "../migrate/compatibility.ts";
import { listMigrations } from "../migrate/source.ts";
import { readSchemaState } from "../migrate/state.ts";
import { perform } from "../operation/perform.ts";
import { withRepository } from "./backup-repository.ts";
import { type DeployPlanView, readUnlocked, viewPlan } from "./preview-deploy.ts";
import { type DeployResult, deployWork, resultOf } from "./deploy.ts";
import type { DeployInput, DeployWork } from "./deploy-input.ts";
import { deploySteps } from "./deploy-steps.ts";
import { previousRelease, whetherServicesRan } from "./plan-deploy.ts";
import type { ReleaseRecord } from "./release.ts";
import { nothingDeployed, requireDeployed } from "./run-release.ts";
import type { Workplace } from "./workplace.ts";

export interface RollbackOptions {
  /** A release id or its beginning; null: the release before the current one. */
  to: string | null;
  /** Take the schema down to where that release can run. */
  withDown: boolean;
  message: string | null;
  skip: DeployInput["skip"];
}

/** Returns to an earlier release by the same path as a deploy, with what was kept of it. */
export async function rollback(place: Workplace, options: RollbackOptions): Promise<DeployResult> {
  requireDeployed(place);
  let work: DeployWork | null = null;
  const performed = await perform(place.desk, "rollback", async (ledger) => {
    const input = await planRollback(place, ledger, options);
    work = deployWork(place, ledger, input, () => {
      throw new Error("a rollback makes no release");
    });
    return { kind: "rollback", message: options.message, input, steps: deploySteps(work) };
  });
  return resultOf(work as unknown as DeployWork, performed);
}

/** What a rollback would do now; nothing is changed, and no lock is taken. */
export async function previewRollback(
  place: Workplace,
  options: Omit<RollbackOptions, "message">,
): Promise<DeployPlanView> {
  return readUnlocked(place, async (ledger) => {
    if (ledger === null) throw nothingDeployed(place.desk.environment);
    const input = await planRollback(place, ledger, { ...options, message: null });
    return viewPlan(place, input, { ...place.target.describe(input.release), remarks: [] });
  });
}

async function planRollback(
  place: Workplace,
  ledger: Ledger,
  options: RollbackOptions,
): Promise<DeployInput> {
  const previous = await previousRelease(place, ledger);
  if (previous === null) throw nothingDeployed(place.desk.environment);
  const release = chooseRelease(place, ledger, options.to);
  await requireKept(place, release);
  const schema = await decideSchema(place, previous.record, release, options.withDown);
  return {
    release,
    previous,
    schema,
    snapshot: createIdentifier(place.desk.now()),
    first: false,
    fresh: false,
    skip: options.skip,
    ...(await whetherServicesRan(place, previous, release)),
  };
}

function chooseRelease(place: Workplace, ledger: Ledger, to: string | null): ReleaseRecord {
  const { environment } = place.desk;
  const rows = listReleases(ledger, environment);
  if (to === null) {
    const before = rows.find((row) => row.status === "former");
    if (before !== undefined) return before.record as ReleaseRecord;
    throw usageError(
      "There is no release before the current one.",
      "`studio status` shows the releases that are kept.",
    );
  }
  const row = findRelease(ledger, environment, to);
  if (row.status === "former") return row.record as ReleaseRecord;
  throw usageError(`Release ${row.id} is the current one.`, "`studio up` starts it again.");
}

/** What is run again must be what ran: files on a disk decay, and people edit them. */
async function requireKept(place: Workplace, release: ReleaseRecord): Promise<void> {
  const { releases } = place.target;
  if (releases.isKept(release)) {
    const damage = await releases.findDamage(release);
    if (damage === null) return;
    throw new StudioError({
      code: "release.damaged",
      message: `What was kept of release ${release.id} is no longer what ran: ${damage}. Nothing was changed.`,
      hint: bringBack(release),
      exitCode: exitCodes.unavailable,
    });
  }
  throw new StudioError({
    code: "release.missing",
    message: `What release ${release.id} was made of is no longer in ${place.desk.paths.releases}. Nothing was changed.`,
    hint: bringBack(release),
    exitCode: exitCodes.unavailable,
  });
}

function bringBack({ studio }: ReleaseRecord): string {
  return `Bring the code of that release back (\`npm install -g @selfhosted-ai/studio@${studio}\`, or check out its commit), then \`studio deploy\`.`;
}

/** Whether the release may run on the schema as it is, or where the schema must go. */
async function decideSchema(
  place: Workplace,
  current: ReleaseRecord,
  release: ReleaseRecord,
  withDown: boolean,
): Promise<DeployInput["schema"]> {
  const available = listMigrations(place.target.migrationFolders(current));
  const state = await readSchemaState({ database: place.database, migrations: available });
  const { verdict, extra, returnTo } = releaseCompatibility({
    applied: state.applied,
    knownToRelease: release.migrations,
    available,
  });
  const { head } = state;
  const applied = new Set(state.applied.map(({ name }) => name));
  // After a rollback with --with-down, the release that was left lacks what it had brought.
  const pending = release.migrations.map(({ name }) => name).filter((name) => !applied.has(name));
  if (verdict === "same") return { head, pending };
  if (verdict === "compatible" && pending.length === 0) return { head, pending };
  if (verdict === "reversible" && withDown) return { head, pending: [], downTo: returnTo };
  const names = extra.map((migration) => migration.name).join(", ");
  const forward = "mend the code and `studio deploy` again (nothing is lost)";
  const way =
    verdict === "reversible"
      ? "`studio rollback --with-down` takes these migrations back after a fresh backup; what they hold is lost"
      : await describeRestore(place, release);
  throw new StudioError({
    code: "rollback.unsafe",
    message: `Release ${release.id} cannot run on the schema as it is now: it does not know ${names}. Nothing was changed.`,
    hint: `Two ways out: ${forward}; or ${way}.`,
    exitCode: exitCodes.checkFailed,
    details: { verdict, migrations: extra.map((migration) => migration.name), returnTo },
  });
}

/** The way back by a snapshot, where migrations cannot be taken back. */
async function describeRestore(place: Workplace, release: ReleaseRecord): Promise<string> {
  const snapshots = await withRepository(place, listSnapshots);
  const fitting = snapshots.findLast(
    (one) =>
      one.environment === release.environment &&
      one.damaged === null &&
      one.databases.length > 0 &&
      one.schemaHead === release.schemaHead,
  );
  if (fitting === undefined) {
    return "restore a backup of the database from before these migrations by your own means: `studio backup list` has none";
  }
  return `\`studio backup restore ${fitting.id} --database --any-schema\`, then \`studio rollback ${release.id}\`: what was written since ${fitting.created} is lost, but kept aside`;
}
