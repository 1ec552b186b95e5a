import { existsSync } from "node:fs";
import { join } from "node:path";
import { restoreSnapshot } from "../backup/restore/restore.ts";
import { listSnapshots } from "../backup/summary.ts";
import type { Store } from "../backup/store/store.ts";
import type { Snapshot } from "../backup/snapshot/open-snapshot.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import { resolveIdentifier } from "../identifier.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { listOperations } from "../ledger/operations.ts";
import { listReleases } from "../ledger/releases.ts";
import { perform } from "../operation/perform.ts";
import { atRepository } from "./at-repository.ts";
import { type RepositoryPlace, withRepository } from "./backup-repository.ts";
import { damagedFiles } from "./damaged-files.ts";
import { deploy } from "./deploy.ts";
import { withSnapshot } from "./snapshot-of.ts";
import { type BootstrapInput, bootstrapSteps } from "./steps/bootstrap.ts";
import type { Workplace } from "./workplace.ts";

export interface BootstrapRequest {
  /** Absolute folder, or s3://…; the snapshots are there. */
  repository: string;
  /** An id, its beginning, or `latest`: the newest with a database. */
  snapshot: string;
  identityFiles: string[];
}

export interface Prepared {
  snapshot: string;
  environment: string;
}

export interface BootstrapResult {
  snapshot: string;
  /** When that was taken: what was written since is lost. ISO 8601, UTC. */
  taken: string;
  files: number;
  bytes: number;
  history: { operations: number; releases: number };
  release: string;
  url: string;
  /** Milliseconds: of the restore, of the deploy after it, and of both. */
  timing: { restore: number; deploy: number; total: number };
  warnings: string[];
}

const configuration = /^(studio\.ya?ml|\.env[^/]*)$/;

/**
 * The first half on an empty host: the settings come out of the snapshot, so that the environment
 * is known. Repeatable: a file that is here already with the same content is no hindrance.
 * @throws StudioError (exit 2) where something is here that the snapshot would replace
 */
export async function prepareBootstrap(
  place: RepositoryPlace,
  request: BootstrapRequest,
): Promise<Prepared> {
  const there = atRepository(place, request.repository);
  const id = await withRepository(there, (store) => chooseSnapshot(store, request.snapshot));
  const { directory } = place.project;
  refuseUsed(directory, id);
  return withSnapshot(there, id, request.identityFiles, async (open) => {
    const { environment } = open.snapshot.commit;
    const paths = await configurationOf(open.snapshot);
    if (paths.length === 0) return { snapshot: id, environment };
    const report = await restoreSnapshot({
      ...open,
      target: directory,
      paths,
      conflict: "fail",
      keepReplacedIn: join(directory, ".studio", "cache", "backup", "bootstrap"),
    });
    if (report.damaged.length > 0) throw damagedFiles(id, report.damaged);
    return { snapshot: id, environment };
  });
}

async function chooseSnapshot(store: Store, wanted: string): Promise<string> {
  const snapshots = (await listSnapshots(store)).filter(({ damaged }) => damaged === null);
  const whole = snapshots.filter(({ databases }) => databases.includes("database"));
  const latest = (whole.length > 0 ? whole : snapshots).at(-1)?.id;
  if (latest === undefined) {
    throw usageError(`There is no snapshot in ${store.location}.`, "Name the right repository.");
  }
  const known = snapshots.map(({ id }) => id);
  return wanted === "latest" ? latest : resolveIdentifier(wanted, known, "snapshot");
}

/** A ledger is never replaced: this host would lose what it knows. */
function refuseUsed(directory: string, snapshot: string): void {
  const file = join(directory, ".studio", "state.db");
  const ledger = existsSync(file) ? openLedgerForReading(file) : null;
  if (ledger === null) return;
  try {
    const releases = listReleases(ledger, null);
    if (releases.length === 0) return;
    const operations = listOperations(ledger, null, 10_000);
    throw new StudioError({
      code: "bootstrap.notEmpty",
      message: `This folder has a history already: ${operations.length} operations and ${releases.length} releases, the last of ${operations[0]?.startedAt}. They would be lost.`,
      hint: `Begin in an empty folder, or put back what is needed here: \`studio backup restore ${snapshot} --database\`.`,
      exitCode: exitCodes.usage,
    });
  } finally {
    ledger.close();
  }
}

async function configurationOf(snapshot: Snapshot): Promise<string[]> {
  const paths: string[] = [];
  for await (const page of snapshot.entries()) {
    paths.push(...page.map(({ path }) => path).filter((path) => configuration.test(path)));
  }
  return paths;
}

/** The second half: files, database and history come back, and a release is deployed on them. */
export async function bootstrap(
  place: Workplace,
  request: BootstrapRequest,
  message: string | null,
): Promise<BootstrapResult> {
  const { repository, snapshot: id, identityFiles } = request;
  const there = atRepository(place, repository);
  const commit = await withSnapshot(
    there,
    id,
    identityFiles,
    async ({ snapshot }) => snapshot.commit,
  );
  const started = performance.now();
  const { results, warnings } = await perform(
    place.desk,
    "bootstrap",
    async (ledger, operation) => {
      const input = planBootstrap(place, request, commit.databases, operation);
      return { kind: "bootstrap", message, input, steps: bootstrapSteps(place, ledger, input) };
    },
  );
  const restored = performance.now();
  const deployed = await deploy(place, {
    message: message ?? `bootstrap from snapshot ${id}`,
    skip: { backup: false, gate: false },
    allowBreaking: false,
  });
  const ended = performance.now();
  const files = results.get("files") as { written: number; bytes: number } | null;
  return {
    snapshot: id,
    taken: commit.created,
    files: files?.written ?? 0,
    bytes: files?.bytes ?? 0,
    history: (results.get("history") ?? {
      operations: 0,
      releases: 0,
    }) as BootstrapResult["history"],
    release: deployed.release,
    url: deployed.url,
    timing: {
      restore: Math.round(restored - started),
      deploy: Math.round(ended - restored),
      total: Math.round(ended - started),
    },
    warnings: [...warnings, ...deployed.warnings],
  };
}

function planBootstrap(
  place: Workplace,
  { repository, snapshot, identityFiles }: BootstrapRequest,
  databases: readonly string[],
  id: string,
): BootstrapInput {
  return {
    repository,
    holds: { database: databases.includes("database"), ledger: databases.includes("ledger") },
    restore: {
      id,
      snapshot,
      identityFiles,
      paths: [],
      include: [],
      exclude: [],
      target: place.project.directory,
      conflict: "fail",
      database: true,
      tables: [],
      migrate: false,
      anySchema: true,
      keepReplacedIn: join(place.desk.paths.root, "replaced", id),
      fresh: false,
      release: null,
      schema: null,
      remark: null,
    },
  };
}
