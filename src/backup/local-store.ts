import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import { isTagOfDead, processTag } from "./holder.ts";
import type { ObjectReader, ObjectWriter, Store } from "./store.ts";

/** Carries the tag of the process that writes it. */
const temporary = /^\.[^/]*\.(\w+-\d+-\d+)\.[0-9a-f]{12}\.tmp$/;

/**
 * A folder as a store: an object is written under a temporary name, synced, renamed, and its
 * folder synced, so that it survives a power cut once `put` or `commit` returned. Files are 0600
 * and folders 0700, for a backup holds what its sources hold.
 */
export function localStore(directory: string): Store {
  const pathOf = (key: string): string => join(directory, key);
  return {
    location: directory,
    localDirectory: directory,
    async put(key, content) {
      const writer = await openWriter(pathOf(key));
      try {
        await writer.write(content);
        await writer.commit();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
    create: (key) => openWriter(pathOf(key)),
    get: (key) => readWhole(pathOf(key)),
    open: (key) => openReader(pathOf(key)),
    list: (folder) => listNames(pathOf(folder)),
    remove: (key) => rm(pathOf(key), { force: true }),
    removeFolder: (folder) => rm(pathOf(folder), { recursive: true, force: true }),
    removeAbandoned: (before) => removeTemporaryFiles(directory, before),
  };
}

async function openWriter(file: string): Promise<ObjectWriter> {
  await makeDirectory(dirname(file));
  const beside = `.${basename(file)}.${processTag()}.${randomBytes(6).toString("hex")}.tmp`;
  const written = join(dirname(file), beside);
  const handle = await open(written, "wx", 0o600);
  let closed = false;
  return {
    async write(bytes) {
      await writeAll(handle, bytes);
    },
    async commit() {
      await handle.sync();
      closed = true;
      await handle.close();
      await rename(written, file);
      await syncDirectory(dirname(file));
    },
    async abort() {
      if (!closed) await handle.close().catch(() => undefined);
      closed = true;
      await rm(written, { force: true }).catch(() => undefined);
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Creates a folder with its parents, each entry durable. */
async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let path = directory; path.length >= first.length; path = dirname(path)) {
    await syncDirectory(dirname(path));
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; the rename is then as durable as they make it.
    if (systemCode(error) !== "EINVAL" && systemCode(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}

/** Synchronously: for a small object four promises, and the threads behind them, take longer. */
async function readWhole(file: string): Promise<Buffer | null> {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

async function openReader(file: string): Promise<ObjectReader | null> {
  const handle = await openExisting(file);
  if (handle === null) return null;
  const { size } = await handle.stat();
  return {
    size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await handle.read(buffer, done, buffer.length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    close: () => handle.close(),
  };
}

async function openExisting(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, "r");
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

async function listNames(directory: string): Promise<string[]> {
  try {
    return readdirSync(directory).filter((name) => !temporary.test(name));
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

async function removeTemporaryFiles(directory: string, before: Date): Promise<void> {
  for (const name of await readdir(directory, { recursive: true }).catch(() => [])) {
    const tag = temporary.exec(basename(name))?.[1];
    if (tag === undefined) continue;
    const file = join(directory, name);
    const found = await stat(file).catch(() => null);
    const old = found !== null && found.mtimeMs < before.getTime();
    if (old || isTagOfDead(tag)) await rm(file, { force: true });
  }
}

function isAbsence(error: unknown): boolean {
  return systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR";
}
