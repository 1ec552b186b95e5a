import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { type FileHandle, link, open, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../../errors.ts";
import { snapshotsFolder } from "../format/layout.ts";
import { processTag, stateOfTag } from "../holder.ts";
import { createPace } from "../pace.ts";
import { forEachAtOnce } from "../parallel.ts";
import { compareFile } from "./compare-file.ts";
import type { Store, StoredFile } from "./store.ts";

/** Where files are written before they are whole: what is left there is found without a search. */
const unfinishedFolder = "unfinished";

const syncsAtOnce = 4;
/** Files that are looked at before anybody else may want to have a turn. */
const filesAtOnce = 128;

/** Carries the tag of the process that writes it. */
const temporary = /^(\w+-\d+-\d+)\.[0-9a-f]{12}\.tmp$/;

/**
 * A folder as a store. A file is written in a folder beside, synced and renamed; the folders
 * that changed are synced by `sync`, once for many files. Files are 0600 and folders 0700, for a
 * backup holds what its sources hold.
 */
export function localStore(directory: string): Store {
  const folders = new Folders(directory);
  const pathOf = (key: string): string => join(directory, key);
  return {
    location: directory,
    localDirectory: directory,
    requestsAtOnce: 1,
    async put(key, content) {
      const beside = await writeBeside(folders, pathOf(key), content);
      await rename(beside, pathOf(key)).catch(discarding(beside));
    },
    async putNew(key, content) {
      const beside = await writeBeside(folders, pathOf(key), content);
      try {
        // Unlike a rename, a link never replaces what is there.
        await link(beside, pathOf(key));
        return true;
      } catch (error) {
        if (systemCode(error) === "EEXIST") return false;
        throw error;
      } finally {
        await rm(beside, { force: true });
      }
    },
    get: (key) => readWhole(pathOf(key)),
    compare: (key, content) => compareFile(pathOf(key), content),
    list: (prefix) => listFiles(directory, prefix),
    async remove(key) {
      await rm(pathOf(key), { force: true });
      folders.changed(dirname(pathOf(key)));
      // Only there: in the others somebody else may be about to write.
      if (key.startsWith(snapshotsFolder)) await folders.removeEmpty(dirname(pathOf(key)));
    },
    sync: () => folders.sync(),
    removeAbandoned: (before) => removeTemporaries(directory, before),
    close: async () => undefined,
  };
}

/** The folders of a store: which are there, and which have to be synced. */
class Folders {
  readonly #root: string;
  readonly #made = new Set<string>();
  readonly #unsynced = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  make(folder: string): void {
    this.#unsynced.add(folder);
    if (this.#made.has(folder)) return;
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A folder that is new has to be found in the one above it.
    if (first !== undefined) {
      for (let above = folder; above.length >= first.length; above = dirname(above)) {
        this.#unsynced.add(dirname(above));
      }
    }
    this.#made.add(folder);
  }

  /** Made anew where another run or a person took it away; it needs not survive a power cut. */
  unfinished(): string {
    const folder = join(this.#root, unfinishedFolder);
    if (!this.#made.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#made.add(folder);
    return folder;
  }

  changed(folder: string): void {
    this.#unsynced.add(folder);
  }

  async removeEmpty(folder: string): Promise<void> {
    try {
      await rmdir(folder);
      this.#made.delete(folder);
      this.changed(dirname(folder));
    } catch (error) {
      const code = systemCode(error);
      if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
    }
  }

  async sync(): Promise<void> {
    const folders = [...this.#unsynced];
    this.#unsynced.clear();
    // Together: a journal writes what many wait for in one go.
    await forEachAtOnce(folders, syncsAtOnce, syncFolder);
    this.#made.clear();
    this.#made.add(this.#root);
  }
}

async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, "r");
  } catch (error) {
    // It was empty and is gone.
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (systemCode(error) !== "EINVAL" && systemCode(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}

async function writeBeside(folders: Folders, path: string, content: Uint8Array): Promise<string> {
  folders.make(dirname(path));
  const name = `${ownTag()}.${randomBytes(6).toString("hex")}.tmp`;
  const beside = join(folders.unfinished(), name);
  const handle = await open(beside, "wx", 0o600);
  try {
    for (let done = 0; done < content.length; ) {
      const { bytesWritten } = await handle.write(content, done, content.length - done, done);
      done += bytesWritten;
    }
    await handle.datasync();
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return beside;
}

let tagOfThisProcess: string | null = null;

function ownTag(): string {
  tagOfThisProcess ??= processTag();
  return tagOfThisProcess;
}

function discarding(beside: string) {
  return async (error: unknown): Promise<never> => {
    await rm(beside, { force: true });
    throw error;
  };
}

/** Synchronously: for a small file four promises, and the threads behind them, take longer. */
async function readWhole(path: string): Promise<Buffer | null> {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}

/** With synchronous calls, which are several times faster, but a turn of the loop now and then. */
async function* listFiles(directory: string, prefix: string): AsyncGenerator<StoredFile> {
  const pace = createPace();
  let seen = 0;
  for (const key of walk(directory, prefix)) {
    const found = statSync(`${directory}/${key}`, { throwIfNoEntry: false });
    if (found?.isFile() === true) yield { key, size: found.size, modified: found.mtime };
    seen += 1;
    if (seen % filesAtOnce === 0) await pace();
  }
}

function* walk(directory: string, prefix: string): Generator<string> {
  for (const entry of entriesOf(`${directory}/${prefix}`)) {
    const key = `${prefix}${entry.name}`;
    if (!entry.isDirectory()) yield key;
    else if (key !== unfinishedFolder) yield* walk(directory, `${key}/`);
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

async function removeTemporaries(directory: string, before: Date): Promise<void> {
  const folder = join(directory, unfinishedFolder);
  for (const { name } of entriesOf(folder)) {
    const tag = temporary.exec(name)?.[1];
    if (tag === undefined) continue;
    const file = join(folder, name);
    const state = stateOfTag(tag);
    // What a living process writes is its own, however old the clock makes it.
    if (state === "alive") continue;
    const found = statSync(file, { throwIfNoEntry: false });
    const old = found !== undefined && found.mtime < before;
    if (old || state === "dead") await rm(file, { force: true });
  }
}
