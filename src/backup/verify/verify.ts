import { hash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { reasonOf } from "../../errors.ts";
import { forgetDamaged, listDamaged, noteDamaged } from "../damaged-objects.ts";
import { isDamage, unknownSnapshot } from "../failures.ts";
import type { DatabaseFacts, Entry } from "../format/entry.ts";
import { snapshotKey } from "../format/layout.ts";
import { type ObjectName, objectKey } from "../format/object.ts";
import type { Clock } from "../open-repository.ts";
import type { ProgressListener } from "../pace.ts";
import { Snapshot } from "../snapshot/open-snapshot.ts";
import type { Store } from "../store/store.ts";
import { listObjects } from "../stored-objects.ts";
import { verifyFolder } from "../unfinished.ts";
import { createUnpackRunner } from "../unpack/runner.ts";
import { checkContents, checkStored } from "./check-contents.ts";
import { openerOf } from "../snapshot/opener.ts";
import { verifyDatabases } from "./verify-databases.ts";

/**
 * How thoroughly: that every object is there; that each holds the bytes that were written, which
 * were read back then; or reading the contents of all of them, or of a part.
 */
export type VerifyDepth =
  | { kind: "structure" }
  | { kind: "stored" }
  | { kind: "data"; percent: number };

export interface VerifyOptions {
  store: Store;
  id: string;
  depth: VerifyDepth;
  /** age identities; without, an encrypted snapshot is checked as far as its stored bytes go. */
  identities: readonly string[];
  /** A folder for copies of databases. */
  workDirectory: string;
  now: Clock;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface VerifyReport {
  id: string;
  /** ISO 8601, UTC. */
  at: string;
  ok: boolean;
  depth: VerifyDepth;
  /** Whether contents were compared, and not just stored bytes. */
  decrypted: boolean;
  /** In full sentences, at most 100. */
  problems: string[];
  /** Objects that the snapshot needs, and how many of them were read. */
  objects: { needed: number; read: number };
  /** Bytes that were read. */
  bytes: number;
  milliseconds: number;
  /** Whether the outcome could be noted in the repository. */
  recorded: boolean;
}

const mostProblems = 100;

/** A snapshot that is checked, with what was found so far. */
export interface Verification {
  snapshot: Snapshot;
  store: Store;
  problems: string[];
  /** Objects of which at least one holds something else than was written. */
  suspects: ObjectName[];
  /** Bytes of every object of the repository. */
  there: Map<string, number>;
  /** Objects to read. */
  chosen: ReadonlySet<string>;
  read: number;
  bytes: number;
  total: number;
  onProgress: ProgressListener | undefined;
}

/**
 * Checks a snapshot: that all it needs is there, and, as deep as is asked, that every byte is what
 * was written, every file has its SHA-256, and every database passes its own check. What is wrong
 * is a problem in the report, not an error.
 */
export async function verifySnapshot(options: VerifyOptions): Promise<VerifyReport> {
  const { store, id, identities, depth, signal } = options;
  const started = performance.now();
  const opener = await openerOf(identities);
  const problems: string[] = [];
  const suspects: ObjectName[] = [];
  const noted = await listDamaged(store);
  const report = { objects: { needed: 0, read: 0 }, bytes: 0, decrypted: false };
  let checksum: string | null = null;
  let encrypted = false;
  try {
    const snapshot = await Snapshot.open({ store, id, opener });
    ({ checksum, encrypted } = snapshot.commit);
    const objects = await snapshot.objects();
    // Lists are small, and none of them can be told from a sound one before it is read.
    suspects.push(...objects.filter(({ kind, sha256 }) => kind === "page" || noted.has(sha256)));
    const chosen = choose(objects, depth);
    const verification: Verification = {
      snapshot,
      store,
      problems,
      suspects,
      there: await listObjects(store),
      chosen,
      read: 0,
      bytes: 0,
      total: snapshot.commit.objects.bytes,
      onProgress: options.onProgress,
    };
    checkPresence(verification, objects);
    await checkReadable(verification, objects, options);
    signal?.throwIfAborted();
    report.objects = { needed: objects.length, read: verification.read };
    report.bytes = verification.bytes;
    report.decrypted = snapshot.isReadable;
  } catch (error) {
    if (!isDamage(error)) throw error;
    problems.push(reasonOf(error));
  }
  const isGone = checksum !== null && (await store.get(snapshotKey(id, "COMMIT"))) === null;
  // Removed by a prune meanwhile: what is missing is no damage.
  if (isGone) throw unknownSnapshot(id, store.location);
  if (problems.length + noted.size > 0) await noteSuspects(options, encrypted, suspects);
  return record(options, checksum, { ...report, problems, started });
}

/** Notes which objects are damaged, so that no later snapshot refers to them, and which are not. */
async function noteSuspects(
  { store }: VerifyOptions,
  encrypted: boolean,
  suspects: readonly ObjectName[],
): Promise<void> {
  for (const object of suspects) {
    const { sha256 } = object;
    const stored = await store.get(objectKey(object, encrypted));
    const sound = stored !== null && hash("sha256", stored) === sha256;
    await (sound ? forgetDamaged : noteDamaged)(store, [sha256]);
  }
}

/** A different part each time: over the weeks everything is read. */
function choose(objects: readonly ObjectName[], depth: VerifyDepth): Set<string> {
  if (depth.kind === "structure") return new Set();
  const names = objects.map(({ sha256 }) => sha256);
  if (depth.kind === "stored" || depth.percent >= 100) return new Set(names);
  const count = Math.ceil((names.length * depth.percent) / 100);
  const shuffled = names.map((name) => ({ name, order: Math.random() }));
  shuffled.sort((a, b) => a.order - b.order);
  return new Set(shuffled.slice(0, count).map(({ name }) => name));
}

function checkPresence(
  { snapshot, problems, there }: Verification,
  objects: readonly ObjectName[],
): void {
  const expected = snapshot.commit.objects;
  let bytes = 0;
  for (const { sha256 } of objects) {
    const size = there.get(sha256);
    if (size === undefined) problems.push(`Object ${sha256} is missing.`);
    bytes += size ?? 0;
  }
  if (objects.length !== expected.count) {
    problems.push(`The list names ${objects.length} objects, not ${expected.count}.`);
  }
  if (problems.length === 0 && bytes !== expected.bytes) {
    problems.push(
      `The objects have ${bytes} bytes together, not ${expected.bytes}: at least one was cut.`,
    );
  }
}

async function checkReadable(
  verification: Verification,
  objects: readonly ObjectName[],
  options: VerifyOptions,
): Promise<void> {
  const { snapshot, store, chosen } = verification;
  const { encrypted } = snapshot.commit;
  const scratch = verifyFolder(options.workDirectory);
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const pool = await createUnpackRunner({
    store,
    encrypted,
    identities: options.identities,
    opener: snapshot.opener,
    proof: "all",
    bytes: chosen.size === 0 ? 0 : snapshot.commit.objects.bytes,
  });
  try {
    const wanted = objects.filter(({ sha256 }) => chosen.has(sha256));
    if (!snapshot.isReadable) {
      await snapshot.storedManifest();
      return await checkStored(verification, pool, wanted);
    }
    const contents = await readEntries(verification, objects).catch(withProblem(verification));
    // Without its lists nobody knows what is where, but which objects are damaged can be told.
    const contentsCount = contents !== null && options.depth.kind === "data";
    if (!contentsCount) return await checkStored(verification, pool, wanted);
    await checkContents(verification, pool, { ...contents, scratch });
    await verifyDatabases(verification, contents.databases, scratch, options.signal);
  } finally {
    await pool.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function withProblem({ problems }: Verification) {
  return (error: unknown): null => {
    if (!isDamage(error)) throw error;
    problems.push(reasonOf(error));
    return null;
  };
}

/** Reads all lists of files: each is small, and proves what the rest should be. */
async function readEntries(
  { snapshot, problems }: Verification,
  objects: readonly ObjectName[],
): Promise<{ entries: Entry[]; databases: DatabaseFacts[] }> {
  const listed = new Set(objects.map(({ sha256 }) => sha256));
  const entries: Entry[] = [];
  for await (const page of snapshot.entries()) {
    for (const entry of page) {
      if (entry.type !== "file" || entry.place === null) continue;
      const names = entry.place.kind === "member" ? [entry.place.object] : entry.place.objects;
      const lost = names.find((name) => !listed.has(name));
      if (lost !== undefined) problems.push(`The list of objects lacks ${lost}.`);
    }
    entries.push(...page);
  }
  return { entries, databases: (await snapshot.manifest()).databases };
}

async function record(
  { store, id, depth, now }: VerifyOptions,
  commit: string | null,
  found: Pick<VerifyReport, "objects" | "bytes" | "decrypted" | "problems"> & { started: number },
): Promise<VerifyReport> {
  const { started, problems, ...rest } = found;
  const report = {
    id,
    at: now().toISOString(),
    ok: problems.length === 0,
    depth,
    ...rest,
    problems: problems.slice(0, mostProblems),
    milliseconds: Math.round(performance.now() - started),
  };
  if (commit === null) return { ...report, recorded: false };
  // It must not take the place of the record of a deeper one.
  if (depth.kind === "stored" && report.ok) return { ...report, recorded: false };
  const text = `${JSON.stringify({ commit, ...report }, null, 2)}\n`;
  // A repository that can only be read can still be verified.
  const recorded = await store.put(snapshotKey(id, "verified.json"), Buffer.from(text)).then(
    () => true,
    () => false,
  );
  return { ...report, recorded };
}
