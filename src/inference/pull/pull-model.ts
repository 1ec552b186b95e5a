import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { StudioError, reasonOf } from "../../errors.ts";
import { type LockFile, openLockFile } from "../../sqlite/lock-file.ts";
import type { ModelRecord } from "../models.ts";
import { describeVersion } from "../repository/describe.ts";
import { hashFile, readManifest } from "../repository/manifest.ts";
import { loadOnce } from "../verify-model.ts";
import { download, safeUrl } from "./download.ts";
import { appear, freeVersion, isRemote, nameOf } from "./place.ts";
import { pullError } from "./pull-error.ts";
import { type SourceKind, kindOf, stage } from "./stage.ts";

export interface PullInput {
  /** Absolute path, or an http(s) URL. */
  from: string;
  /** Absolute path of the folder of models. */
  folder: string;
  /** Default: after the file, the folder or the URL. */
  name?: string | undefined;
  /** Default: the next number. */
  version?: string | undefined;
  /** Of the file or archive; of a folder's ONNX file. */
  sha256?: string | undefined;
  maximumBytes: number;
  signal: AbortSignal;
  say: (text: string) => void;
  /** See `DownloadOptions.pause`. */
  pause?: number | undefined;
}

export interface PullReport {
  name: string;
  version: string;
  /** Absolute path of the version's folder. */
  folder: string;
  kind: SourceKind;
  bytes: number;
  /** Of the ONNX file. */
  sha256: string;
  /** Bytes that an earlier, unfinished download had left. */
  resumed: number;
  /** Milliseconds it took to load and warm up. */
  loaded: number;
}

/**
 * Fetches a model into a folder of models: checked, loaded and warmed up aside before it appears
 * under its name, all at once. What is there is never replaced.
 * @throws StudioError `pull.…`; exit 2 for what is no model or exists, 4 where a check says no,
 * 7 while another pull runs, 8 when it cannot be fetched
 */
export async function pullModel(input: PullInput): Promise<PullReport> {
  const name = nameOf(input.from, input.name);
  const version = await freeVersion(input.folder, name, input.version);
  // What is not there is told before anything is made.
  if (!isRemote(input.from)) await kindOf(input.from);
  const aside = join(input.folder, ".pull");
  await mkdir(input.folder, { recursive: true });
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const lock = lockFolder(aside);
  const staging = join(aside, "staged");
  try {
    await rm(staging, { recursive: true, force: true });
    return await fetchInto({ ...input, name, version }, aside, staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
    lock.close();
  }
}

async function fetchInto(
  input: PullInput & { name: string; version: string },
  aside: string,
  staging: string,
): Promise<PullReport> {
  const { from, folder, name, version, maximumBytes, signal, say } = input;
  const label = isRemote(from) ? safeUrl(from) : from;
  const options = { folder: aside, maximumBytes, signal, say, pause: input.pause };
  const fetched = isRemote(from) ? await download(from, options) : null;
  const file = fetched?.file ?? from;
  try {
    const kind = await kindOf(file);
    if (kind !== "folder" && input.sha256 !== undefined) {
      compare(label, await hashFile(file), input.sha256);
    }
    signal.throwIfAborted();
    const place = await stage(file, kind, staging, maximumBytes).catch((error: unknown) => {
      throw named(label, error);
    });
    const record = await describeStaged(staging, place, name, version);
    if (kind === "folder" && input.sha256 !== undefined) {
      compare(label, record.sha256, input.sha256);
    }
    await finish(place, record.manifest === null);
    signal.throwIfAborted();
    say("loading");
    const loaded = await tryToLoad(record);
    const target = join(folder, name, version);
    await mkdir(dirname(target), { recursive: true });
    await appear(place, target);
    const { bytes, sha256 } = record;
    const resumed = fetched?.resumed ?? 0;
    return { name, version, folder: target, kind, bytes, sha256, resumed, loaded };
  } finally {
    if (fetched !== null) await rm(fetched.file, { force: true });
  }
}

function lockFolder(aside: string): LockFile {
  const lock = openLockFile(join(aside, "lock.db"));
  if (lock.tryAcquire(`${process.pid} ${randomUUID()}`)) return lock;
  lock.close();
  throw pullError(
    "pull.locked",
    "Another pull into the same folder of models is running.",
    "Wait until it is done.",
  );
}

function compare(label: string, actual: string, expected: string): void {
  if (actual === expected.toLowerCase()) return;
  throw pullError(
    "pull.checksum",
    `${label} has the SHA-256 ${actual}, not ${expected.toLowerCase()}.`,
    "It was changed or damaged on its way. Nothing was kept.",
  );
}

/** What the reader of ONNX files refuses lies in a file whose name says nothing to the operator. */
function named(label: string, error: unknown): unknown {
  if (!(error instanceof StudioError) || !error.code.startsWith("onnx.")) return error;
  const reason = error.message.slice(error.message.lastIndexOf(": ") + 2);
  return pullError("pull.source", `${label} is no ONNX model: ${reason}`, error.hint);
}

async function describeStaged(
  staging: string,
  place: string,
  name: string,
  version: string,
): Promise<ModelRecord> {
  const bare = { name, version, source: "project", root: place, folder: place } as const;
  for (const path of ["model.onnx", join("onnx", "model.onnx")]) {
    const file = join(place, path);
    if ((await stat(file).catch(() => null))?.isFile() !== true) continue;
    return await describeVersion({ ...bare, file });
  }
  throw pullError(
    "pull.source",
    `There is neither model.onnx nor onnx/model.onnx${place === staging ? "" : ` in ${basename(place)}`}.`,
    "Give an ONNX file, or a folder or archive that holds one under such a name.",
  );
}

/** Notes the hashes, where the source brought none, and sees that all is on the disk. */
async function finish(place: string, bare: boolean): Promise<void> {
  const files = (await readdir(place, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  if (bare && (await readManifest(place, place)) === null) {
    const lines: string[] = [];
    for (const file of files) lines.push(`${await hashFile(file)}  ${relative(place, file)}\n`);
    const manifest = join(place, "SHA256SUMS");
    await writeFile(manifest, lines.join(""));
    files.push(manifest);
  }
  for (const file of files) {
    const handle = await open(file, "r+");
    await handle.sync();
    await handle.close();
  }
}

async function tryToLoad(record: ModelRecord): Promise<number> {
  try {
    return await loadOnce(record);
  } catch (error) {
    throw pullError(
      "pull.unfit",
      `The model cannot be served: ${reasonOf(error)}`,
      "Nothing was kept. Export the model again, for the CPU and a known operator set.",
    );
  }
}
