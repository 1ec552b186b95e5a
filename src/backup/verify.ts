import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { reasonOf } from "../errors.ts";
import { checksumList } from "./checksum-list.ts";
import type { Commit } from "./commit.ts";
import { isDamage } from "./failures.ts";
import { processTag } from "./holder.ts";
import { loadManifest, loadObject } from "./load-manifest.ts";
import type { ProgressListener } from "./pace.ts";
import { openStore, scratchDirectory, snapshotKey } from "./repository.ts";
import type { Clock, RepositoryLocation } from "./repository.ts";
import type { Store } from "./store.ts";
import { loadCommit } from "./summary.ts";
import { verifySegment } from "./verify-segment.ts";
import type { Verification } from "./verify-segment.ts";

export interface VerifyOptions {
  repository: RepositoryLocation;
  id: string;
  now: Clock;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface VerifyReport {
  id: string;
  /** ISO 8601, UTC. */
  at: string;
  ok: boolean;
  /** In full sentences, at most 100. */
  problems: string[];
  /** Files, folders and links that were compared. */
  members: number;
  /** Bytes of content that were read. */
  bytes: number;
  milliseconds: number;
  /** Whether the outcome could be noted in the repository. */
  recorded: boolean;
}

const mostProblems = 100;

/**
 * Reads a snapshot back as a whole: the hash of every object, every compressed frame, every member
 * of the archives against the manifest, every file's SHA-256, and SQLite's own check of each
 * database and its row counts. What is wrong is a problem in the report, not an error.
 */
export async function verifySnapshot(options: VerifyOptions): Promise<VerifyReport> {
  const store = openStore(options.repository);
  const started = performance.now();
  const outcome: Outcome = { problems: [], members: 0, bytes: 0, commit: null };
  try {
    outcome.commit = await loadCommit(store, options.id);
    await verifyContent(store, outcome.commit, options, outcome);
  } catch (error) {
    if (!isDamage(error)) throw error;
    outcome.problems.push(reasonOf(error));
  }
  const { problems, members, bytes } = outcome;
  const report = {
    id: options.id,
    at: options.now().toISOString(),
    ok: problems.length === 0,
    problems: problems.slice(0, mostProblems),
    members,
    bytes,
    milliseconds: Math.round(performance.now() - started),
  };
  return { ...report, recorded: await record(store, outcome.commit, report) };
}

interface Outcome {
  problems: string[];
  members: number;
  bytes: number;
  commit: Commit | null;
}

async function verifyContent(
  store: Store,
  commit: Commit,
  options: VerifyOptions,
  outcome: Outcome,
): Promise<void> {
  const { signal, onProgress } = options;
  const manifest = await loadManifest(store, commit);
  const name = `verify-${processTag()}-${randomBytes(4).toString("hex")}`;
  const scratch = scratchDirectory(store, name);
  const { problems } = outcome;
  const verification: Verification = {
    store,
    commit,
    manifest,
    scratch,
    problems,
    members: 0,
    bytes: 0,
    signal,
    onProgress,
  };
  try {
    await verifyChecksumList(verification);
    verifySegmentNames(verification);
    for (const object of commit.objects.filter(({ name: key }) => isArchive(key))) {
      await verifySegment(verification, object);
    }
  } finally {
    outcome.members = verification.members;
    outcome.bytes = verification.bytes;
    await rm(scratch, { recursive: true, force: true });
  }
}

async function verifyChecksumList({ store, commit, manifest, problems }: Verification) {
  try {
    const stored = await loadObject(store, commit, "SHA256SUMS");
    if (!stored.equals(checksumList(manifest.entries))) {
      problems.push("SHA256SUMS does not agree with the manifest.");
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    problems.push(reasonOf(error));
  }
}

/** An archive that only the manifest or only the commit knows would escape the loop over them. */
function verifySegmentNames({ commit, manifest, problems }: Verification): void {
  const archives = new Set(commit.objects.map(({ name }) => name).filter(isArchive));
  const named = new Set([...manifest.segments.keys(), ...manifest.entries.map((e) => e.segment)]);
  for (const name of archives.symmetricDifference(named)) {
    problems.push(`The manifest and the COMMIT disagree about the archive ${name}.`);
  }
}

function isArchive(name: string): boolean {
  return name.endsWith(".tar.zst");
}

async function record(
  store: Store,
  commit: Commit | null,
  report: Omit<VerifyReport, "recorded">,
): Promise<boolean> {
  if (commit === null) return false;
  const text = `${JSON.stringify({ commit: commit.checksum, ...report }, null, 2)}\n`;
  // A repository that can only be read can still be verified.
  return store.put(snapshotKey(commit.id, "verified.json"), Buffer.from(text)).then(
    () => true,
    () => false,
  );
}
