import { readdirSync, rmSync } from "node:fs";
import { chmod, lchown, mkdir, realpath, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StudioError, exitCodes } from "../errors.ts";
import type { FileEntry } from "./manifest.ts";
import { createPace } from "./pace.ts";
import type { ProgressListener } from "./pace.ts";
import { openStore } from "./repository.ts";
import type { RepositoryLocation } from "./repository.ts";
import { syncFolder } from "./move-aside.ts";
import { RestoreJournal } from "./restore-journal.ts";
import { lookAt, prepareRestore } from "./restore-plan.ts";
import type { PreparedRestore, RestorePlan } from "./restore-plan.ts";
import type { Restorable } from "./restore-selection.ts";
import { SafeFolders } from "./safe-path.ts";
import { SegmentReader } from "./segment-reader.ts";
import { giveOwner, temporaryPrefix, writeFileBeside, writeLinkBeside } from "./write-beside.ts";

/**
 * What to do where a path exists with another content: `fail` before anything is written,
 * `always` replace it, `never` replace it.
 */
export type ConflictPolicy = "fail" | "always" | "never";

export interface RestoreOptions {
  repository: RepositoryLocation;
  id: string;
  /** Absolute path of the folder to restore to; it is created. */
  target: string;
  /** Paths, folders or patterns; everything when absent. */
  paths?: readonly string[] | undefined;
  /** Whether copies of databases are restored as plain files too; only if named by default. */
  databases?: boolean | undefined;
  conflict: ConflictPolicy;
  /** A folder for what is replaced and for the journal that `undoRestore` reads. */
  keepReplacedIn: string;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface RestoreReport {
  plan: RestorePlan;
  /** Paths that were written. */
  written: string[];
  /** Paths that were left as they are, because of the policy `never`. */
  left: string[];
  replaced: { path: string; keptAs: string }[];
  /** Bytes of content that were written. */
  bytes: number;
}

/**
 * Restores files, folders and links of a snapshot. Each file is written beside its place, and put
 * there once its SHA-256 was checked. Nothing is ever written outside of `target`, and nothing
 * there is lost: what is replaced is moved to `keepReplacedIn`. Can be repeated after a crash.
 */
export async function restoreSnapshot(options: RestoreOptions): Promise<RestoreReport> {
  const prepared = await prepareRestore(options);
  if (options.conflict === "fail") refuseConflicts(prepared.plan);
  await mkdir(options.target, { recursive: true });
  const target = await realpath(options.target);
  const restoration = new Restoration(options, prepared, target);
  return restoration.run();
}

function refuseConflicts(plan: RestorePlan): void {
  const conflicts = plan.entries.filter(
    ({ state }) => state === "differs" || state === "newerHere",
  );
  const [first] = conflicts;
  if (first === undefined) return;
  throw new StudioError({
    code: "restore.conflict",
    message: `${conflicts.length} paths in ${plan.target} differ from the snapshot, the first is ${first.path}. Nothing was changed.`,
    hint: "Allow to replace them (they are kept), leave them out, or restore into an empty folder.",
    exitCode: exitCodes.usage,
    details: { conflicts: conflicts.slice(0, 100) },
  });
}

class Restoration {
  readonly #options: RestoreOptions;
  readonly #prepared: PreparedRestore;
  readonly #target: string;
  readonly #folders: SafeFolders;
  readonly #journal: RestoreJournal;
  readonly #reader: SegmentReader;
  readonly #created: Restorable[] = [];
  /** Folders in which something was renamed. */
  readonly #changed = new Set<string>();
  readonly #report: RestoreReport;
  #done = 0;

  constructor(options: RestoreOptions, prepared: PreparedRestore, target: string) {
    this.#options = options;
    this.#prepared = prepared;
    this.#target = target;
    this.#folders = new SafeFolders(target);
    this.#journal = new RestoreJournal(target, options.keepReplacedIn);
    this.#reader = new SegmentReader(openStore(options.repository), options.id, prepared.manifest);
    this.#report = { plan: prepared.plan, written: [], left: [], replaced: [], bytes: 0 };
  }

  async run(): Promise<RestoreReport> {
    const states = new Map(this.#prepared.plan.entries.map(({ path, state }) => [path, state]));
    const pace = createPace(this.#options.signal);
    const todo = this.#prepared.selected.filter(({ path }) => states.get(path) !== "same");
    this.#sweep(todo);
    try {
      // Links come last, so that nothing is ever written through one of them.
      for (const entry of [...todo.filter(isNoLink), ...todo.filter((one) => !isNoLink(one))]) {
        await this.#restore(entry, pace);
      }
    } finally {
      await this.#reader.close();
    }
    for (const entry of this.#created.reverse()) await this.#finishFolder(entry);
    for (const folder of this.#changed) await syncFolder(folder);
    return this.#report;
  }

  async #restore(entry: Restorable, pace: () => Promise<void>): Promise<void> {
    await this.#folders.check(entry.path);
    if (await this.#makeRoom(entry)) {
      await this.#write(entry, pace);
      this.#report.written.push(entry.path);
    } else {
      this.#report.left.push(entry.path);
    }
    this.#done += 1;
    const { bytes, plan } = this.#report;
    const progress = { members: this.#done, bytes, totalBytes: plan.bytes };
    this.#options.onProgress?.({ phase: "restore", ...progress });
    await pace();
  }

  /** Whether the entry may be written; for a file, what is in its way is moved in `#place`. */
  async #makeRoom(entry: Restorable): Promise<boolean> {
    const folder = lookAt(dirname(join(this.#target, entry.path)));
    if (folder !== null && !folder.isDirectory()) return false;
    return this.#options.conflict !== "never" || lookAt(join(this.#target, entry.path)) === null;
  }

  async #write(entry: Restorable, pace: () => Promise<void>): Promise<void> {
    const path = join(this.#target, entry.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    this.#changed.add(dirname(path));
    if (entry.type === "directory") {
      await this.#clear(entry.path);
      await mkdir(path, { mode: 0o700 });
      this.#created.push(entry);
      return;
    }
    const written =
      entry.type === "file"
        ? await this.#writeFile(entry, path, pace)
        : await writeLinkBeside(path, entry);
    await written.putInPlace(() => this.#clear(entry.path));
  }

  async #writeFile(entry: FileEntry, path: string, pace: () => Promise<void>) {
    const written = await writeFileBeside(path, entry, this.#reader.content(entry), pace);
    this.#report.bytes += entry.size;
    return written;
  }

  /** Moves what is at a path out of the way and notes the change about to be made. */
  async #clear(path: string): Promise<void> {
    if (lookAt(join(this.#target, path)) === null) {
      this.#journal.create(path);
      return;
    }
    if (this.#options.conflict !== "always") throw appeared(path, this.#target);
    const keptAs = await this.#journal.replace(path);
    this.#report.replaced.push({ path, keptAs });
  }

  /** The mode and time of a folder come last: the files written into it would change them. */
  async #finishFolder(entry: Restorable): Promise<void> {
    const path = join(this.#target, entry.path);
    await giveOwner((uid, gid) => lchown(path, uid, gid), entry);
    await chmod(path, entry.mode);
    await utimes(path, entry.mtime / 1000, entry.mtime / 1000);
  }

  /** Removes what an interrupted restore left beside the files. */
  #sweep(entries: Restorable[]): void {
    const folders = new Set(entries.map(({ path }) => dirname(join(this.#target, path))));
    for (const folder of folders) {
      if (lookAt(folder)?.isDirectory() !== true) continue;
      for (const name of readdirSync(folder)) {
        if (name.startsWith(temporaryPrefix)) rmSync(join(folder, name), { force: true });
      }
    }
  }
}

function isNoLink(entry: Restorable): boolean {
  return entry.type !== "symlink";
}

function appeared(path: string, target: string): StudioError {
  return new StudioError({
    code: "restore.conflict",
    message: `${path} appeared in ${target} while the snapshot was restored; it was left alone.`,
    hint: "Run the same restore again.",
    exitCode: exitCodes.incomplete,
  });
}
