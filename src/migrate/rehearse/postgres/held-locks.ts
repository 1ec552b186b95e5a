import type { LockMode } from "../../postgres-lock-mode.ts";
import { lockMode } from "../../postgres-lock-mode.ts";

/** A lock that a session holds on a relation. */
export interface HeldLock {
  oid: string;
  mode: LockMode;
  /** The file of the relation now; null where it was dropped. */
  file: string | null;
  /** Its name now; null where it was dropped. */
  name: string | null;
}

/** Relations below this oid are the server's own (FirstNormalObjectId). */
const firstOwn = 16_384;

const select = `
  SELECT l.relation::text AS oid, l.mode, c.relfilenode::text AS file, c.relname::text AS name
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
  WHERE l.locktype = 'relation' AND l.granted AND l.relation >= ${firstOwn}
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`;

/** Of the session that asks. */
export const ownLocksQuery = `${select} AND l.pid = pg_catalog.pg_backend_pid()`;

/** Of another session, by the number of its process. */
export const locksOfQuery = `${select} AND l.pid = ?`;

export function heldLocks(rows: readonly Record<string, unknown>[]): HeldLock[] {
  return rows.map((row) => ({
    oid: String(row["oid"]),
    mode: lockMode(String(row["mode"])),
    file: row["file"] as string | null,
    name: row["name"] as string | null,
  }));
}
