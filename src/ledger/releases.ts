import { resolveIdentifier } from "../identifier.ts";
import type { Ledger } from "./ledger.ts";

/** `stopped`: the current release of an environment that was taken down on purpose. */
export type ReleaseStatus = "current" | "former" | "stopped";

export interface ReleaseRow<Record = unknown> {
  id: string;
  environment: string;
  operation: string;
  createdAt: string;
  currentSince: string | null;
  status: ReleaseStatus;
  schemaHead: string | null;
  record: Record;
}

interface StoredRelease {
  id: string;
  environment: string;
  operation: string;
  created_at: string;
  current_since: string | null;
  status: ReleaseStatus;
  schema_head: string | null;
  record: string;
}

/** Makes a release the current one, in one transaction; the one before becomes a former one. */
export function recordCurrentRelease(
  ledger: Ledger,
  release: Omit<ReleaseRow, "status" | "currentSince">,
  at: string,
): void {
  ledger
    .transaction(() => {
      ledger
        .prepare(
          `UPDATE releases SET status = 'former'
           WHERE environment = ? AND status IN ('current', 'stopped')`,
        )
        .run(release.environment);
      ledger
        .prepare(
          `INSERT INTO releases
             (id, environment, operation, created_at, current_since, status, schema_head, record)
           VALUES (@id, @environment, @operation, @createdAt, @at, 'current', @schemaHead, @record)
           ON CONFLICT (id) DO UPDATE SET
             status = 'current', current_since = @at, schema_head = @schemaHead`,
        )
        .run({
          id: release.id,
          environment: release.environment,
          operation: release.operation,
          createdAt: release.createdAt,
          schemaHead: release.schemaHead,
          record: JSON.stringify(release.record),
          at,
        });
    })
    .immediate();
}

/**
 * Takes back `recordCurrentRelease`: `previous` (null: none) is current again, and `id` is
 * forgotten when `forget` says that this operation had brought it.
 */
export function withdrawRelease(
  ledger: Ledger,
  change: { id: string; previous: string | null; forget: boolean },
): void {
  ledger
    .transaction(() => {
      if (change.forget) ledger.prepare("DELETE FROM releases WHERE id = ?").run(change.id);
      else ledger.prepare("UPDATE releases SET status = 'former' WHERE id = ?").run(change.id);
      if (change.previous === null) return;
      ledger.prepare("UPDATE releases SET status = 'current' WHERE id = ?").run(change.previous);
    })
    .immediate();
}

/** Adds to what is known of a release. */
export function amendRelease(ledger: Ledger, id: string, record: unknown): void {
  ledger.prepare("UPDATE releases SET record = ? WHERE id = ?").run(JSON.stringify(record), id);
}

export function setReleaseStatus(ledger: Ledger, id: string, status: ReleaseStatus): void {
  ledger.prepare("UPDATE releases SET status = ? WHERE id = ?").run(status, id);
}

/** The release that serves, or would serve had it not been taken down; null before the first. */
export function currentRelease(ledger: Ledger, environment: string): ReleaseRow | null {
  const row = ledger
    .prepare<[string], StoredRelease>(
      "SELECT * FROM releases WHERE environment = ? AND status IN ('current', 'stopped')",
    )
    .get(environment);
  return row === undefined ? null : fromStored(row);
}

/** Releases of an environment (null: of all), the one that was current last first. */
export function listReleases(ledger: Ledger, environment: string | null): ReleaseRow[] {
  return ledger
    .prepare<[string | null, string | null], StoredRelease>(
      `SELECT * FROM releases WHERE ? IS NULL OR environment = ?
       ORDER BY current_since DESC, id DESC`,
    )
    .all(environment, environment)
    .map(fromStored);
}

/** @throws StudioError when `text` means no release of the environment, or several */
export function findRelease(ledger: Ledger, environment: string, text: string): ReleaseRow {
  const rows = listReleases(ledger, environment);
  const id = resolveIdentifier(
    text,
    rows.map((row) => row.id),
    "release",
  );
  return rows.find((row) => row.id === id) as ReleaseRow;
}

export function removeRelease(ledger: Ledger, id: string): void {
  ledger.prepare("DELETE FROM releases WHERE id = ?").run(id);
}

function fromStored(row: StoredRelease): ReleaseRow {
  return {
    id: row.id,
    environment: row.environment,
    operation: row.operation,
    createdAt: row.created_at,
    currentSince: row.current_since,
    status: row.status,
    schemaHead: row.schema_head,
    record: JSON.parse(row.record),
  };
}
