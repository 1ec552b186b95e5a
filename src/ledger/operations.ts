import { resolveIdentifier } from "../identifier.ts";
import type { Ledger } from "./ledger.ts";

export type Outcome =
  /** Every step is done. */
  | "succeeded"
  /** It failed, was interrupted or aborted, and everything it did was undone. */
  | "undone"
  /** The operator closed it although something of it is left. */
  | "left";

export interface OperationRow {
  id: string;
  environment: string;
  kind: string;
  message: string | null;
  user: string;
  host: string;
  version: string;
  /** What the operation was planned with: enough to build its steps again. No secrets. */
  input: unknown;
  startedAt: string;
  finishedAt: string | null;
  /** Null while it runs, or when its process died. */
  outcome: Outcome | null;
  result: unknown;
  error: { code: string; message: string; step?: string } | null;
}

interface StoredRow {
  id: string;
  environment: string;
  kind: string;
  message: string | null;
  user: string;
  host: string;
  version: string;
  input: string;
  started_at: string;
  finished_at: string | null;
  outcome: Outcome | null;
  result: string | null;
  error: string | null;
}

export function insertOperation(ledger: Ledger, row: OperationRow): void {
  ledger
    .prepare(
      `INSERT INTO operations (id, environment, kind, message, user, host, version, input, started_at)
       VALUES (@id, @environment, @kind, @message, @user, @host, @version, @input, @startedAt)`,
    )
    .run({
      id: row.id,
      environment: row.environment,
      kind: row.kind,
      message: row.message,
      user: row.user,
      host: row.host,
      version: row.version,
      input: JSON.stringify(row.input),
      startedAt: row.startedAt,
    });
}

export function finishOperation(
  ledger: Ledger,
  id: string,
  end: { outcome: Outcome; at: string; result?: unknown; error?: OperationRow["error"] },
): void {
  ledger
    .prepare(
      "UPDATE operations SET outcome = ?, finished_at = ?, result = ?, error = ? WHERE id = ?",
    )
    .run(
      end.outcome,
      end.at,
      end.result === undefined ? null : JSON.stringify(end.result),
      end.error == null ? null : JSON.stringify(end.error),
      id,
    );
}

/** The operation of an environment that neither succeeded nor was undone, or null. */
export function findUnfinished(ledger: Ledger, environment: string): OperationRow | null {
  const row = ledger
    .prepare<[string], StoredRow>(
      "SELECT * FROM operations WHERE environment = ? AND outcome IS NULL ORDER BY id LIMIT 1",
    )
    .get(environment);
  return row === undefined ? null : fromStored(row);
}

/** The operations of all environments that neither succeeded nor were undone. */
export function listUnfinished(ledger: Ledger): OperationRow[] {
  return ledger
    .prepare<[], StoredRow>("SELECT * FROM operations WHERE outcome IS NULL ORDER BY id")
    .all()
    .map(fromStored);
}

/** The latest operations first. `environment` null means all of them. */
export function listOperations(
  ledger: Ledger,
  environment: string | null,
  limit: number,
): OperationRow[] {
  return ledger
    .prepare<[string | null, string | null, number], StoredRow>(
      `SELECT * FROM operations WHERE ? IS NULL OR environment = ?
       ORDER BY started_at DESC, id DESC LIMIT ?`,
    )
    .all(environment, environment, limit)
    .map(fromStored);
}

/** Those of an environment that ended since then, oldest first. */
export function listOperationsEnded(
  ledger: Ledger,
  environment: string,
  since: Date,
): OperationRow[] {
  return ledger
    .prepare<[string, string], StoredRow>(
      "SELECT * FROM operations WHERE environment = ? AND finished_at >= ? ORDER BY finished_at, id",
    )
    .all(environment, since.toISOString())
    .map(fromStored);
}

/** @throws StudioError when `text` means no operation, or several */
export function findOperation(ledger: Ledger, text: string): OperationRow {
  const ids = ledger.prepare<[], string>("SELECT id FROM operations").pluck().all();
  const id = resolveIdentifier(text, ids, "operation");
  const row = ledger.prepare<[string], StoredRow>("SELECT * FROM operations WHERE id = ?").get(id);
  return fromStored(row as StoredRow);
}

function fromStored(row: StoredRow): OperationRow {
  return {
    id: row.id,
    environment: row.environment,
    kind: row.kind,
    message: row.message,
    user: row.user,
    host: row.host,
    version: row.version,
    input: JSON.parse(row.input),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    outcome: row.outcome,
    result: row.result === null ? null : JSON.parse(row.result),
    error: row.error === null ? null : JSON.parse(row.error),
  };
}
