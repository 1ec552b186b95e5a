import { rm } from "node:fs/promises";
import { join } from "node:path";
import { inspectSqlite } from "../../database/dump-sqlite.ts";
import { reasonOf } from "../../errors.ts";
import type { DatabaseFacts, FileEntry } from "../format/entry.ts";
import { escapePath } from "../format/path-text.ts";
import type { Clock } from "../open-repository.ts";
import type { ProgressListener } from "../pace.ts";
import { restoreSnapshot } from "../restore/restore.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import type { Store } from "../store/store.ts";
import { type DrillReport, type DrilledDatabase, writeDrill } from "./drill-record.ts";
import { plantDamage } from "./planted-damage.ts";

export interface DrillOptions {
  snapshot: Snapshot;
  store: Store;
  identities: readonly string[];
  /** A folder of its own for all that is restored; it is removed in the end. */
  scratch: string;
  /** Loads the dump of a server's database; null where there is no such server. */
  loadDump: ((facts: DatabaseFacts, folder: string) => Promise<Record<string, number>>) | null;
  /** Loads a model and runs it. */
  tryModel(file: string): Promise<void>;
  now: Clock;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
  say?: ((text: string) => void) | undefined;
}

type Found = Omit<DrillReport, "id" | "at" | "ok" | "recorded">;

/**
 * Proves that a snapshot can be restored by restoring it: every file is written and checked, every
 * database loaded and its rows counted, every model run. Then damages a copy of one object, to see
 * that a restore would notice. The evidence is kept beside the snapshot.
 */
export async function drillSnapshot(options: DrillOptions): Promise<DrillReport> {
  const { snapshot, store, scratch, now } = options;
  const found: Found = {
    recovery: 0,
    files: 0,
    bytes: 0,
    databases: [],
    models: [],
    planted: null,
    problems: [],
  };
  try {
    const started = performance.now();
    const files = await restoreFiles(options, found);
    await loadDatabases(options, found);
    found.recovery = Math.round(performance.now() - started);
    await tryModels(options, found, files);
    await damage(options, found, files);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const { id, checksum } = snapshot.commit;
  const report = { id, at: now().toISOString(), ok: found.problems.length === 0, ...found };
  return { ...report, recorded: await writeDrill(store, checksum, report) };
}

async function restoreFiles(options: DrillOptions, found: Found): Promise<FileEntry[]> {
  const { snapshot, store, identities, scratch, signal, onProgress } = options;
  options.say?.("restoring all files");
  const report = await restoreSnapshot({
    snapshot,
    store,
    identities,
    target: join(scratch, "files"),
    databases: true,
    conflict: "always",
    keepReplacedIn: join(scratch, "replaced"),
    signal,
    onProgress,
  });
  found.bytes = report.bytes;
  for (const { path, reason } of report.damaged) found.problems.push(`${path}: ${reason}`);
  const files: FileEntry[] = [];
  for await (const page of snapshot.entries()) {
    files.push(...page.filter((entry) => entry.type === "file"));
  }
  found.files = files.length - report.damaged.length;
  return files;
}

async function loadDatabases(options: DrillOptions, found: Found): Promise<void> {
  for (const facts of (await options.snapshot.manifest()).databases) {
    options.say?.(`loading the database ${facts.label}`);
    found.databases.push(await loadDatabase(options, found, facts));
  }
}

async function loadDatabase(
  { scratch, loadDump, signal }: DrillOptions,
  { problems }: Found,
  facts: DatabaseFacts,
): Promise<DrilledDatabase> {
  const { label, dialect } = facts;
  const path = join(scratch, "files", facts.path);
  if (dialect !== "sqlite" && loadDump === null) {
    const reason = `there is no ${dialect} server here to load it into`;
    return { label, dialect, tables: null, reason };
  }
  try {
    const tables =
      dialect === "sqlite" ? await openSqlite(path, signal) : await loadDump?.(facts, path);
    for (const [table, rows] of Object.entries(facts.tables)) {
      if (tables?.[table] === rows) continue;
      problems.push(`Database ${label}: table ${table} has ${tables?.[table]} rows, not ${rows}.`);
    }
    return { label, dialect, tables: tables ?? null, reason: null };
  } catch (error) {
    signal?.throwIfAborted();
    problems.push(`Database ${label}: ${reasonOf(error)}`);
    return { label, dialect, tables: null, reason: reasonOf(error) };
  }
}

async function openSqlite(
  path: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, number | null>> {
  const { problems, tables } = await inspectSqlite(path, signal);
  if (problems.length > 0) throw new Error(problems[0]);
  return tables;
}

async function tryModels(
  options: DrillOptions,
  found: Found,
  files: readonly FileEntry[],
): Promise<void> {
  const { scratch, signal, say } = options;
  for (const { path } of files) {
    if (!path.endsWith(".onnx")) continue;
    signal?.throwIfAborted();
    say?.(`loading the model ${escapePath(path)}`);
    try {
      await options.tryModel(join(scratch, "files", path));
      found.models.push(path);
    } catch (error) {
      found.problems.push(`Model ${escapePath(path)}: ${reasonOf(error)}`);
    }
  }
}

/** A restore that does not notice damage would make all the rest worthless. */
async function damage(
  { snapshot, store, identities, scratch, signal, now }: DrillOptions,
  found: Found,
  files: readonly FileEntry[],
): Promise<void> {
  const seed = `${snapshot.commit.id} ${now().toISOString()}`;
  const planted = plantDamage(store, files, snapshot.commit.encrypted, seed);
  if (planted === null) return;
  const { path } = planted.entry;
  const report = await restoreSnapshot({
    snapshot: snapshot.through(planted.store),
    store: planted.store,
    identities,
    target: join(scratch, "damaged"),
    paths: [path],
    databases: true,
    conflict: "always",
    keepReplacedIn: join(scratch, "damaged-replaced"),
    signal,
  });
  const noticed = report.damaged.some((one) => one.path === path);
  found.planted = { path, object: planted.object.sha256, noticed };
  if (!noticed) found.problems.push(`Damage planted in ${escapePath(path)} was not noticed.`);
}
