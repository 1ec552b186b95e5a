import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { createSnapshot } from "../../../src/backup/create.ts";
import type { CreateOptions, SnapshotReport } from "../../../src/backup/create.ts";
import { filesSource } from "../../../src/backup/files-source.ts";
import type { Source } from "../../../src/backup/source.ts";
import { createIdentifier } from "../../../src/identifier.ts";

export const clock = (): Date => new Date();

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
  options: Pick<CreateOptions, "repository" | "sources"> & Partial<CreateOptions>,
): Promise<SnapshotReport> {
  return createSnapshot({
    id: createIdentifier(clock()),
    set: "full",
    environment: "local",
    release: null,
    schemaHead: null,
    toolVersion: "0.0.0",
    now: clock,
    ...options,
  });
}
