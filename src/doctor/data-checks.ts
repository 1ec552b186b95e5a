import { type SnapshotSummary, latestSnapshot } from "../backup/summary.ts";
import { shareDisk } from "../deploy/backup-doubts.ts";
import { repositoryFolder, withRepository } from "../deploy/backup-repository.ts";
import { unseenRecipients } from "../deploy/key-notes-file.ts";
import { liveMigrationFolders } from "../deploy/project-folders.ts";
import { roughDuration } from "../format/rough.ts";
import { listReleases } from "../ledger/releases.ts";
import { listMigrations } from "../migrate/source.ts";
import { readSchemaState } from "../migrate/state.ts";
import { type Check, type Finding, note, ok, skipped, wrong } from "./check.ts";
import { nothingDeployed } from "./release-checks.ts";
import type { Scene } from "./scene.ts";

/** A daily backup that failed once is older than this before the second one is due. */
const oldestBackup = 2 * 86_400_000;

export const dataChecks: readonly Check[] = [
  { title: "Schema fits the release", check: schema, fix: "studio migrate status" },
  { title: "A recent backup was read back", check: lastBackup, fix: "studio backup create" },
  {
    title: "Backups lie on another disk",
    check: repositoryDisk,
    fix: "Set backup.repository to a folder of another disk.",
  },
  {
    title: "Keys of backups were seen to decrypt",
    check: backupKeys,
    fix: "studio backup key check --identity FILE",
  },
];

async function schema({ view, serving }: Scene): Promise<Finding> {
  if (view === null || "error" in view) return skipped("the database is not known");
  const place = view.value;
  if (!place.databaseRuns) {
    if (serving === null) return skipped("the service that holds it was not started yet");
    return wrong("the service that holds it does not run", "studio up");
  }
  const migrations = listMigrations(liveMigrationFolders(place));
  const state = await readSchemaState({ database: place.database, migrations });
  const [problem] = state.problems;
  if (problem !== undefined) return wrong(problem.message, problem.hint);
  const built = serving?.record.schemaHead ?? null;
  if (built !== null && !state.applied.some((one) => one.name === built)) {
    return wrong(`the current release needs ${built}, which is not applied`, "studio migrate up");
  }
  const head = `head ${state.head ?? "empty"}`;
  if (state.pending.length === 0) return ok(head);
  const pending = `${head}, pending: ${state.pending.map((one) => one.name).join(", ")}`;
  return serving === null ? skipped(pending) : note(pending, "studio deploy applies them.");
}

async function lastBackup(scene: Scene): Promise<Finding> {
  const { view, serving, now } = scene;
  if (serving === null || view === null || "error" in view) return skipped(nothingDeployed);
  const { environment } = view.value.project;
  const last = await withRepository(view.value, (store) => latestSnapshot(store, environment));
  if (last !== null) return judgeBackup(last, now);
  // A first deploy may find nothing to save: then it is right that there is none.
  return now.getTime() - firstDeploy(scene) < oldestBackup
    ? note("there is none yet")
    : wrong("there is none");
}

/** Whether a snapshot is young enough and was found whole. */
export function judgeBackup(
  last: Pick<SnapshotSummary, "id" | "created" | "verification">,
  now: Date,
): Finding {
  const age = now.getTime() - Date.parse(last.created);
  const found = `${last.id}, ${roughDuration(Math.max(age, 0))} old`;
  if (last.verification?.ok === false) return wrong(`${found}, is damaged`);
  if (age > oldestBackup) return wrong(found);
  if (last.verification === null) {
    return wrong(`${found}, was never read back`, `studio backup verify ${last.id}`);
  }
  return ok(`${found}, read back`);
}

function firstDeploy({ ledger, project }: Scene): number {
  if (ledger === null || "error" in ledger || ledger.value === null || "error" in project) return 0;
  const releases = listReleases(ledger.value, project.value.environment);
  return Math.min(...releases.map((release) => Date.parse(release.createdAt)));
}

function repositoryDisk({ project, paths }: Scene): Finding {
  if ("error" in project || paths === null) return skipped("studio.yaml must be valid first");
  const folder = repositoryFolder(project.value);
  if (folder === null) return ok(project.value.settings.backup.repository);
  if (!shareDisk(folder, paths.data)) return ok(folder);
  return note(`${folder} shares the disk of the data: one fault takes both`);
}

function backupKeys({ project }: Scene): Finding {
  if ("error" in project) return skipped("studio.yaml must be valid first");
  const { recipients } = project.value.settings.backup;
  if (recipients.length === 0) return skipped("backups are not encrypted");
  const unseen = unseenRecipients(project.value);
  if (unseen.length === 0) return ok(`${recipients.length} of ${recipients.length}`);
  return note(`never: ${unseen.join(", ")}; without the private half no backup can be read`);
}
