import { type Ledger, openLedger } from "./ledger.ts";

export interface ImportedHistory {
  operations: number;
  releases: number;
}

/**
 * Adds what another ledger knows and this one does not: operations with their journal, releases,
 * load tests and runs of jobs that ended. Nothing that is here is changed. Operations that had not
 * ended are closed as they are, and releases come as former ones: what they ran is not here. Can be
 * repeated.
 * @param file absolute path of the other ledger; it is upgraded where it is of an older format
 */
export function importHistory(ledger: Ledger, file: string): ImportedHistory {
  openLedger(file).close();
  ledger.prepare("ATTACH ? AS other").run(file);
  try {
    return ledger.transaction(() => merge(ledger)).immediate();
  } finally {
    ledger.exec("DETACH other");
  }
}

const closed = JSON.stringify({ code: "left", message: "not ended when the ledger was backed up" });

function merge(ledger: Ledger): ImportedHistory {
  ledger.exec(
    `CREATE TEMP TABLE coming AS
       SELECT id FROM other.operations WHERE id NOT IN (SELECT id FROM main.operations)`,
  );
  const { changes: operations } = ledger
    .prepare(
      `INSERT INTO main.operations
         SELECT id, environment, kind, message, user, host, version, input, started_at,
                coalesce(finished_at, started_at), coalesce(outcome, 'left'), result,
                CASE WHEN outcome IS NULL THEN ? ELSE error END
         FROM other.operations WHERE id IN (SELECT id FROM temp.coming)`,
    )
    .run(closed);
  ledger.exec(
    `INSERT INTO main.journal (operation, step, event, at, data)
       SELECT operation, step, event, at, data FROM other.journal
       WHERE operation IN (SELECT id FROM temp.coming) ORDER BY sequence;
     INSERT OR IGNORE INTO main.bench_runs
       SELECT id, environment, scenario, started_at, passed, record FROM other.bench_runs;
     INSERT OR IGNORE INTO main.bench_baselines SELECT * FROM other.bench_baselines;
     INSERT OR IGNORE INTO main.job_runs
       SELECT * FROM other.job_runs WHERE outcome IS NOT NULL;
     DROP TABLE temp.coming`,
  );
  const { changes: releases } = ledger
    .prepare(
      `INSERT OR IGNORE INTO main.releases
         SELECT id, environment, operation, created_at, current_since, 'former', schema_head, record
         FROM other.releases`,
    )
    .run();
  return { operations, releases };
}
