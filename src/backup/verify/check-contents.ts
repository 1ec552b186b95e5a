import { basename } from "node:path";
import type { DatabaseFacts, Entry, FileEntry } from "../format/entry.ts";
import type { ObjectName } from "../format/object.ts";
import { escapePath } from "../format/path-text.ts";
import type { FileToWrite, UnpackJob, WantedContent } from "../unpack/protocol.ts";
import type { UnpackRunner } from "../unpack/runner.ts";
import type { Verification } from "./verify.ts";

/** Objects that one job reads whose content cannot be seen. */
const storedAtOnce = 16;

/** Proves the stored bytes of objects by their names alone. */
export async function checkStored(
  verification: Verification,
  pool: UnpackRunner,
  objects: readonly ObjectName[],
): Promise<void> {
  const jobs: Promise<void>[] = [];
  for (let start = 0; start < objects.length; start += storedAtOnce) {
    const batch = objects.slice(start, start + storedAtOnce);
    const names = batch.map(({ sha256 }) => `Object ${sha256}`);
    jobs.push(runJob(verification, pool, { type: "stored", objects: batch }, names, batch));
  }
  await Promise.all(jobs);
}

export interface Contents {
  entries: readonly Entry[];
  databases: readonly DatabaseFacts[];
  /** Where copies of SQLite databases are written, to be opened. */
  scratch: string;
}

/** Proves the content of each file against its SHA-256. */
export async function checkContents(
  verification: Verification,
  pool: UnpackRunner,
  { entries, databases, scratch }: Contents,
): Promise<void> {
  const copies = new Map(
    databases.flatMap(({ dialect, path }) => (dialect === "sqlite" ? [[path, path]] : [])),
  );
  const segments = new Map<string, Map<string, FileEntry>>();
  const jobs: Promise<void>[] = [];
  for (const entry of entries) {
    if (entry.type !== "file" || entry.place === null) continue;
    const { place } = entry;
    const copy = copies.has(entry.path) ? copyOf(entry, scratch) : null;
    if (place.kind === "chunks") {
      if (!place.objects.some((name) => verification.chosen.has(name))) continue;
      jobs.push(checkLarge(verification, pool, entry, place.objects, copy));
    } else if (verification.chosen.has(place.object)) {
      const members = segments.get(place.object) ?? new Map<string, FileEntry>();
      segments.set(place.object, members);
      members.set(`${place.member}\0${entry.sha256}`, entry);
    }
  }
  for (const [object, members] of segments) {
    jobs.push(checkSegment(verification, pool, object, [...members.values()], copies, scratch));
  }
  await Promise.all(jobs);
}

function checkLarge(
  verification: Verification,
  pool: UnpackRunner,
  entry: FileEntry,
  names: readonly string[],
  copy: FileToWrite | null,
): Promise<void> {
  const objects = names.map((sha256) => ({ kind: "chunk" as const, sha256 }));
  const job: UnpackJob = { type: "large", objects, content: contentOf(entry, copy) };
  return runJob(verification, pool, job, [escapePath(entry.path)], objects);
}

function checkSegment(
  verification: Verification,
  pool: UnpackRunner,
  sha256: string,
  entries: readonly FileEntry[],
  copies: ReadonlyMap<string, string>,
  scratch: string,
): Promise<void> {
  const object = { kind: "segment" as const, sha256 };
  const members = entries.map((entry) => {
    const member = entry.place?.kind === "member" ? entry.place.member : "";
    const copy = copies.has(entry.path) ? copyOf(entry, scratch) : null;
    return { member, content: contentOf(entry, copy) };
  });
  const names = entries.map(({ path }) => escapePath(path));
  return runJob(verification, pool, { type: "segment", object, members }, names, [object]);
}

function contentOf({ sha256, size }: FileEntry, copy: FileToWrite | null): WantedContent {
  return { sha256, size, files: copy === null ? [] : [copy] };
}

/** Where the copy of a database is written: a file of its own below the scratch folder. */
function copyOf({ path }: FileEntry, scratch: string): FileToWrite {
  const temporary = `${scratch}/${basename(path)}`;
  return { temporary, final: null, mode: 0o600, owner: null, mtime: 0, sparse: false };
}

async function runJob(
  verification: Verification,
  pool: UnpackRunner,
  job: UnpackJob,
  names: readonly string[],
  objects: readonly ObjectName[],
): Promise<void> {
  const bytes = objects.reduce((sum, { sha256 }) => sum + (verification.there.get(sha256) ?? 0), 0);
  const { problems } = await pool.run(job, bytes);
  for (const [index, problem] of problems.entries()) {
    if (problem !== null) verification.problems.push(`${names[index]}: ${problem}.`);
  }
  if (problems.some((problem) => problem !== null)) verification.suspects.push(...objects);
  verification.read += objects.length;
  verification.bytes += bytes;
  const { read: members, total: totalBytes, onProgress } = verification;
  onProgress?.({ phase: "verify", members, bytes: verification.bytes, totalBytes });
}
