import { sourcesAreEmpty } from "../backup/sources/source.ts";
import { featureVariables } from "../config/feature-variables.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { createIdentifier } from "../identifier.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { type MigrationListing, listMigrations, loadMigrations } from "../migrate/source.ts";
import { type SchemaState, readSchemaState } from "../migrate/state.ts";
import { runningServices } from "./lacks-services.ts";
import type { DeployInput } from "./deploy-input.ts";
import {
  type ReleaseParts,
  type ReleaseRecord,
  foreignRelease,
  hashEnvironment,
} from "./release.ts";
import { needsFirstKey, planFirstKey } from "./steps/first-key.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import { snapshotSources } from "./snapshot-sources.ts";
import type { View } from "./view.ts";

export interface PlanRequest {
  place: View;
  /** What the target says the release is made of. */
  parts: ReleaseParts;
  /** Null before the first operation of a project. */
  ledger: Ledger | null;
  skip: DeployInput["skip"];
  /** Migrations that the release before cannot live with are applied behind a maintenance page. */
  allowBreaking: boolean;
}

/** What a deploy would do now. Changes nothing. */
export async function planDeploy(request: PlanRequest): Promise<DeployInput> {
  const { place, ledger, skip } = request;
  const now = place.desk.now();
  const migrations = listMigrations(liveMigrationFolders(place));
  const schema = await schemaBefore(place, migrations);
  const [problem] = schema.problems;
  if (problem !== undefined) {
    throw new StudioError({
      code: "schema.problem",
      message: problem.message,
      hint: problem.hint,
      exitCode: exitCodes.checkFailed,
      details: schema.problems,
    });
  }
  // What cannot be loaded is told before anything begins.
  await loadMigrations(schema.pending, place.database.dialect);
  const previous = ledger === null ? null : await previousRelease(place, ledger);
  const id = createIdentifier(now);
  const maintenance = previous?.running === true && (await breaksRelease(request, schema));
  const release = describeRelease(request, id, migrations, previous?.record.id ?? null);
  const first =
    skip.backup || !place.databaseRuns
      ? false
      : await sourcesAreEmpty(await databaseAndFiles(place));
  return {
    release,
    previous,
    schema: {
      head: schema.head,
      pending: schema.pending.map((migration) => migration.name),
      ...(place.databaseRuns ? {} : { unread: true as const }),
    },
    snapshot: createIdentifier(now),
    first,
    fresh: true,
    skip,
    ...(maintenance ? { maintenance } : {}),
    ...(await whetherServicesRan(place, previous, release)),
    ...(needsFirstKey(place) ? { firstKey: planFirstKey(now) } : {}),
  };
}

/** Of a database that does not run yet the worst is assumed: that all is to be applied. */
async function schemaBefore(place: View, migrations: MigrationListing[]): Promise<SchemaState> {
  if (place.databaseRuns) return readSchemaState({ database: place.database, migrations });
  return { head: null, applied: [], pending: migrations, problems: [] };
}

/** @throws StudioError (exit 4) where pending migrations are not safe, and that was not allowed */
async function breaksRelease(
  { place, allowBreaking }: PlanRequest,
  { pending }: SchemaState,
): Promise<boolean> {
  if (pending.length === 0) return false;
  const { judgePending, unsafeMigrations } = await import("./judge-pending.ts");
  const refusal = unsafeMigrations(await judgePending(place, pending));
  if (refusal !== null && !allowBreaking) throw refusal;
  return refusal !== null;
}

/** Ledger and logs are there as soon as an operation begins: no reason to take a backup. */
async function databaseAndFiles(place: View) {
  return (await snapshotSources(place, "full")).filter(
    ({ kind, owns }) => kind !== "logs" && !owns.includes(place.desk.paths.ledger),
  );
}

/** On Compose alone: a Swarm's stack that studio did not deploy is refused. */
export async function whetherServicesRan(
  { target }: View,
  previous: DeployInput["previous"],
  release: ReleaseRecord,
): Promise<Pick<DeployInput, "servicesRan">> {
  if (target.kind !== "compose" || previous?.status === "current") return {};
  return (await runningServices(target, release)).length > 0 ? { servicesRan: true } : {};
}

export async function previousRelease(
  place: View,
  ledger: Ledger,
): Promise<DeployInput["previous"]> {
  const row = currentRelease(ledger, place.desk.environment);
  if (row === null) return null;
  const record = row.record as ReleaseRecord;
  if (record.target !== place.target.kind) throw foreignRelease(record, place.target.kind);
  const { accepting, maintenance } = await place.target.state(record);
  return {
    record,
    running: accepting,
    status: row.status === "stopped" ? "stopped" : "current",
    ...(maintenance === null ? {} : { notice: maintenance }),
  };
}

function describeRelease(
  { place, parts }: PlanRequest,
  id: string,
  migrations: MigrationListing[],
  previous: string | null,
): ReleaseRecord {
  const { project, desk } = place;
  return {
    schema: "studio.release/v1",
    id,
    environment: desk.environment,
    createdAt: desk.now().toISOString(),
    studio: desk.version,
    node: process.versions.node,
    ...parts,
    settings: project.settings,
    environmentHash: hashEnvironment(id, namedVariables(place)),
    migrations: migrations.map(({ name, checksum }) => ({
      name,
      checksum,
    })),
    schemaHead: migrations.at(-1)?.name ?? null,
    previous,
  };
}

/** The variables the project names: the rest of a shell's environment says nothing about it. */
function namedVariables({ project, variables }: View): Record<string, string | undefined> {
  const { required } = project.settings.variables;
  const features = Object.keys(featureVariables(project.settings.features));
  const names = [...required, ...features, "DATABASE_URL", "REDIS_URL", "LOG_LEVEL"];
  return Object.fromEntries(names.map((name) => [name, variables[name]]));
}
