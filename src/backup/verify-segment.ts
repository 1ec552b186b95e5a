import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { inspectSqlite } from "../database/dump-sqlite.ts";
import { StudioError, reasonOf } from "../errors.ts";
import type { Commit, StoredObject } from "./commit.ts";
import { isDamage } from "./failures.ts";
import { objectProblem } from "./load-manifest.ts";
import type { Manifest } from "./manifest.ts";
import { MemberComparison } from "./member-comparison.ts";
import type { DatabaseCopy } from "./member-comparison.ts";
import { createPace } from "./pace.ts";
import type { ProgressListener } from "./pace.ts";
import { snapshotKey } from "./repository.ts";
import type { ObjectReader, Store } from "./store.ts";
import { TarReader } from "./tar-reader.ts";
import { decodeFrames } from "./zstd.ts";

/** One reading of a snapshot, with what was found so far. */
export interface Verification {
  store: Store;
  commit: Commit;
  manifest: Manifest;
  scratch: string;
  problems: string[];
  members: number;
  bytes: number;
  signal: AbortSignal | undefined;
  onProgress: ProgressListener | undefined;
}

const readBytes = 1024 * 1024;

/** Reads one archive once, from its first byte to its last, and compares it with the manifest. */
export async function verifySegment(
  verification: Verification,
  object: StoredObject,
): Promise<void> {
  const { store, commit, problems } = verification;
  const reader = await store.open(snapshotKey(commit.id, object.name));
  if (reader === null) {
    problems.push(`${object.name} is missing.`);
    return;
  }
  const comparison = new MemberComparison(verification.manifest, object.name, verification.scratch);
  const before = { members: verification.members, bytes: verification.bytes };
  const advance = (): void => {
    verification.members = before.members + comparison.members;
    verification.bytes = before.bytes + comparison.bytes;
    const { members, bytes, onProgress } = verification;
    onProgress?.({ phase: "verify", members, bytes, totalBytes: commit.counts.bytes });
  };
  try {
    await readArchive(reader, object, comparison, verification, advance);
  } finally {
    await reader.close();
    comparison.close();
  }
  problems.push(...comparison.problems);
  for (const copy of comparison.databases) await verifyDatabase(verification, copy);
}

async function readArchive(
  reader: ObjectReader,
  object: StoredObject,
  comparison: MemberComparison,
  { problems, signal }: Verification,
  advance: () => void,
): Promise<void> {
  const hash = createHash("sha256");
  const pace = createPace(signal);
  const tar = new TarReader(comparison);
  try {
    for await (const content of decodeFrames(storedBytes(reader, hash))) {
      tar.push(content);
      advance();
      await pace();
    }
    tar.close();
    comparison.expectNoMore();
    const problem = objectProblem(object, reader.size, hash.digest("hex"));
    if (problem !== null) problems.push(problem);
  } catch (error) {
    if (!isDamage(error)) throw error;
    problems.push(`${object.name}: ${reasonOf(error)}`);
  }
}

async function* storedBytes(reader: ObjectReader, hash: Hash): AsyncGenerator<Buffer> {
  for (let position = 0; position < reader.size; position += readBytes) {
    const chunk = await reader.read(position, readBytes);
    hash.update(chunk);
    yield chunk;
  }
}

/** Lets SQLite check the copy, and compares the rows of each table with those at the backup. */
async function verifyDatabase(
  { problems, signal }: Verification,
  { file, facts }: DatabaseCopy,
): Promise<void> {
  try {
    const contents = await inspectSqlite(file, signal);
    for (const problem of contents.problems) problems.push(`Database ${facts.label}: ${problem}.`);
    for (const [table, rows] of Object.entries(facts.tables)) {
      const found = contents.tables[table];
      if (contents.problems.length > 0 || found === rows) continue;
      problems.push(`Database ${facts.label}: table ${table} has ${found} rows, not ${rows}.`);
    }
  } catch (error) {
    if (!(error instanceof StudioError) || error.code === "database.noRoom") throw error;
    problems.push(`Database ${facts.label}: ${error.message}`);
  }
}
