import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type CreateOptions,
  type SnapshotReport,
  createSnapshot,
} from "../../../src/backup/create/create.ts";
import { type RestoreOptions, restoreSnapshot } from "../../../src/backup/restore/restore.ts";
import { Snapshot } from "../../../src/backup/snapshot/open-snapshot.ts";
import { openerOf } from "../../../src/backup/snapshot/opener.ts";
import { filesSource } from "../../../src/backup/sources/files.ts";
import type { Source } from "../../../src/backup/sources/source.ts";
import type { Store } from "../../../src/backup/store/store.ts";
import { type VerifyOptions, verifySnapshot } from "../../../src/backup/verify/verify.ts";
import { createIdentifier } from "../../../src/identifier.ts";

const clock = (): Date => new Date();

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "studio-backup-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeTree(root: string, files: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

export function everything(directory: string): Source {
  return filesSource({ directory, include: ["**"], exclude: [] });
}

/** Creates a snapshot with what the tests do not care about filled in. */
export function snapshot(
  options: Pick<CreateOptions, "store" | "sources"> & Partial<CreateOptions>,
): Promise<SnapshotReport> {
  return createSnapshot({
    id: createIdentifier(clock()),
    set: "full",
    environment: "local",
    release: null,
    schemaHead: null,
    toolVersion: "0.0.0",
    workDirectory: options.workDirectory ?? temporaryFolder(),
    guides: {},
    now: clock,
    // As with large files; the program itself is tested with little.
    worthThreads: 0,
    ...options,
  });
}

export async function open(
  store: Store,
  id: string,
  identities: readonly string[] = [],
): Promise<Snapshot> {
  return Snapshot.open({ store, id, opener: await openerOf(identities) });
}

/** Restores a snapshot, by default into an empty folder. */
export async function restore(
  options: Pick<RestoreOptions, "store" | "target"> & { id: string } & Partial<RestoreOptions>,
) {
  const { id, ...rest } = options;
  const identities = options.identities ?? [];
  return restoreSnapshot({
    snapshot: await open(options.store, id, identities),
    conflict: "fail",
    keepReplacedIn: `${options.target}.kept`,
    ...rest,
    identities,
  });
}

/** Verifies a snapshot, by default every byte of it. */
export function verify(options: Pick<VerifyOptions, "store" | "id"> & Partial<VerifyOptions>) {
  return verifySnapshot({
    depth: { kind: "data", percent: 100 },
    identities: [],
    workDirectory: temporaryFolder(),
    now: clock,
    ...options,
  });
}
