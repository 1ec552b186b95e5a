import { localStore } from "../backup/store/local-store.ts";
import { latestSnapshot } from "../backup/summary.ts";
import { type Ledger, openLedgerForReading } from "../ledger/ledger.ts";
import { type OperationRow, findUnfinished } from "../ledger/operations.ts";
import { currentRelease, listReleases } from "../ledger/releases.ts";
import type { Project } from "../config/project.ts";
import { StudioError, exitCodes } from "../errors.ts";
import type { DaySummary } from "../server/daemon-spec.ts";
import { readSchemaState } from "../migrate/state.ts";
import { listMigrations } from "../migrate/source.ts";
import { nextFirings } from "../schedule/next-firings.ts";
import { type DaemonReport, daemonProblem, reportDaemon } from "./detached-daemon.ts";
import { repositoryFolder } from "./backup-repository.ts";
import { readNotedBackup } from "./noted-backup.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { ReleaseRecord } from "./release.ts";
import { type ServingFacts, type ServingProblem, servingProblems } from "./serving-problems.ts";
import type { CertificateState, ReleaseState, ServiceState } from "./target.ts";
import type { View } from "./view.ts";

export interface StatusReport {
  environment: string;
  serving: {
    release: string;
    /** `not reached`: it runs and is ready, and the public does not meet it. */
    state: ServingFacts["state"];
    since: string | null;
    restarts: number;
    url: string;
    studio: string;
    /** Null where nobody counts them. */
    requests: { total: number; errors: number } | null;
    /** Of the last 24 hours, as far as its process knows; null where nobody counts. */
    day: DaySummary | null;
    /** None where the release is all there is. */
    services: ServiceState[];
    /** Of what the public meets first; none where that is not met by TLS. */
    certificates: CertificateState[];
    /** What keeps the public from it, or it from what it needs; none while it is stopped. */
    problems: ServingProblem[];
  } | null;
  /** Of `serve --detach`; null where none was started. */
  daemon: DaemonReport | null;
  schema: { head: string | null; pending: string[]; problems: string[] };
  backup: { id: string; created: string; verified: boolean | null } | null;
  /** False where that takes a network: `backup` is then the last one that this machine knows of. */
  repositoryRead: boolean;
  jobs: { name: string; next: string }[];
  releases: { id: string; status: string; since: string | null }[];
  operation: OperationState | null;
}

export interface OperationState {
  id: string;
  kind: string;
  state: "running" | "unfinished";
  startedAt: string;
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
    const operation =
      unfinished === null ? null : await operationState(unfinished, desk.paths.lock);
    return {
      environment: desk.environment,
      serving: current === null ? null : await servingState(place, current, operation),
      daemon: await reportDaemon(desk.paths),
      schema: {
        head: schema.head,
        pending: schema.pending.map((migration) => migration.name),
        problems: schema.problems.map((problem) => problem.message),
      },
      backup: await lastBackup(project),
      repositoryRead: repositoryFolder(project) !== null,
      jobs: nextFirings(project.settings.schedule, desk.now()),
      releases: ledger === null ? [] : releasesKept(ledger, desk.environment),
      operation,
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

async function operationState(
  { id, kind, startedAt }: OperationRow,
  lock: string,
): Promise<OperationState> {
  const { currentHolder } = await import("../operation/lock.ts");
  return { id, kind, startedAt, state: currentHolder(lock) === null ? "unfinished" : "running" };
}

async function servingState(
  place: View,
  row: { id: string; status: string; currentSince: string | null; record: unknown },
  operation: OperationState | null,
): Promise<StatusReport["serving"]> {
  const record = row.record as ReleaseRecord;
  const { target } = place;
  const state = await target.state(record);
  const isAsked = state.accepting && state.ready && state.maintenance === null;
  const answered = isAsked ? await target.whoAnswers(record) : null;
  const word =
    row.status === "stopped" && !state.accepting
      ? "stopped"
      : isAsked && answered !== row.id
        ? "not reached"
        : stateWord(state);
  const url = target.publicUrl(record);
  const services = await target.services(record);
  const certificates = word === "stopped" ? [] : await target.certificates(record);
  const facts = {
    release: row.id,
    url,
    state: word,
    partly: state.partly ?? false,
    answered,
    services,
    certificates,
    operation,
  } as const;
  return {
    release: row.id,
    state: word,
    since: state.startedAt ?? row.currentSince,
    restarts: state.restarts,
    url,
    studio: record.studio,
    requests: state.requests,
    day: state.day,
    services,
    certificates,
    problems: servingProblems(facts),
  };
}

function stateWord({ accepting, ready }: ReleaseState): "serving" | "not ready" | "not running" {
  if (!accepting) return "not running";
  return ready ? "serving" : "not ready";
}

/** The error that goes with a status in which something keeps the public away (exit 4), or null. */
export function statusError({ serving, daemon }: StatusReport): StudioError | null {
  const own = daemon === null ? null : daemonProblem(daemon);
  const problems = [...(serving?.problems ?? []), ...(own === null ? [] : [own])];
  const [first] = problems;
  if (first === undefined) return null;
  return new StudioError({
    code: "status.problem",
    message: problems.map(({ message }) => message).join(" "),
    hint: first.next,
    exitCode: exitCodes.checkFailed,
  });
}

async function lastBackup(project: Project): Promise<StatusReport["backup"]> {
  const folder = repositoryFolder(project);
  if (folder === null) return readNotedBackup(project);
  const last = await latestSnapshot(localStore(folder), project.environment);
  if (last === null) return null;
  return { id: last.id, created: last.created, verified: last.verification?.ok ?? null };
}
