import { localStore } from "../backup/store/local-store.ts";
import { latestSnapshot } from "../backup/summary.ts";
import { type Ledger, openLedgerForReading } from "../ledger/ledger.ts";
import { type OperationRow, findUnfinished } from "../ledger/operations.ts";
import { currentRelease, listReleases } from "../ledger/releases.ts";
import type { Project } from "../config/project.ts";
import { readSchemaState } from "../migrate/state.ts";
import { listMigrations } from "../migrate/source.ts";
import { nextFirings } from "../schedule/next-firings.ts";
import { repositoryFolder } from "./backup-repository.ts";
import { readNotedBackup } from "./noted-backup.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { ReleaseRecord } from "./release.ts";
import type { ServiceState } from "./target.ts";
import type { View } from "./view.ts";

export interface StatusReport {
  environment: string;
  serving: {
    release: string;
    state: "serving" | "stopped" | "not running" | "not ready";
    since: string | null;
    restarts: number;
    url: string;
    studio: string;
    /** Null where nobody counts them. */
    requests: { total: number; errors: number } | null;
    /** None where the release is all there is. */
    services: ServiceState[];
  } | null;
  schema: { head: string | null; pending: string[]; problems: string[] };
  backup: { id: string; created: string; verified: boolean | null } | null;
  /** False where that takes a network: `backup` is then the last one that this machine knows of. */
  repositoryRead: boolean;
  jobs: { name: string; next: string }[];
  releases: { id: string; status: string; since: string | null }[];
  operation: {
    id: string;
    kind: string;
    state: "running" | "unfinished";
    startedAt: string;
  } | null;
}

/** What is serving, since when, and how safe it is. Changes nothing. */
export async function readStatus(place: View): Promise<StatusReport> {
  const { desk, project, database } = place;
  const ledger = openLedgerForReading(desk.paths.ledger);
  try {
    const current = ledger === null ? null : currentRelease(ledger, desk.environment);
    const unfinished = ledger === null ? null : findUnfinished(ledger, desk.environment);
    const migrations = listMigrations(liveMigrationFolders(place));
    const schema = place.databaseRuns
      ? await readSchemaState({ database, migrations })
      : { head: null, pending: [], problems: [{ message: "the database does not run" }] };
    return {
      environment: desk.environment,
      serving: current === null ? null : await servingState(place, current),
      schema: {
        head: schema.head,
        pending: schema.pending.map((migration) => migration.name),
        problems: schema.problems.map((problem) => problem.message),
      },
      backup: await lastBackup(project),
      repositoryRead: repositoryFolder(project) !== null,
      jobs: nextFirings(project.settings.schedule, desk.now()),
      releases: ledger === null ? [] : releasesKept(ledger, desk.environment),
      operation: unfinished === null ? null : await operationState(unfinished, desk.paths.lock),
    };
  } finally {
    ledger?.close();
  }
}

function releasesKept(ledger: Ledger, environment: string): StatusReport["releases"] {
  return listReleases(ledger, environment).map(({ id, status, currentSince }) => ({
    id,
    status,
    since: currentSince,
  }));
}

async function operationState(row: OperationRow, lock: string): Promise<StatusReport["operation"]> {
  const { currentHolder } = await import("../operation/lock.ts");
  const { id, kind, startedAt } = row;
  return { id, kind, startedAt, state: currentHolder(lock) === null ? "unfinished" : "running" };
}

async function servingState(
  place: View,
  row: { id: string; status: string; currentSince: string | null; record: unknown },
): Promise<StatusReport["serving"]> {
  const record = row.record as ReleaseRecord;
  const state = await place.target.state(record);
  const word = state.accepting ? (state.ready ? "serving" : "not ready") : "not running";
  return {
    release: row.id,
    state: row.status === "stopped" && !state.accepting ? "stopped" : word,
    since: state.startedAt ?? row.currentSince,
    restarts: state.restarts,
    url: place.target.publicUrl(record),
    studio: record.studio,
    requests: state.requests,
    services: await place.target.services(record),
  };
}

async function lastBackup(project: Project): Promise<StatusReport["backup"]> {
  const folder = repositoryFolder(project);
  if (folder === null) return readNotedBackup(project);
  const last = await latestSnapshot(localStore(folder), project.environment);
  if (last === null) return null;
  return { id: last.id, created: last.created, verified: last.verification?.ok ?? null };
}
