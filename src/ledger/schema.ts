/**
 * The ledger's own schema. Each entry brings a ledger from version n-1 to n (its place in the
 * list, from 1); entries are never edited once released, only added.
 */
export const ledgerVersions: readonly string[] = [
  `
  CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT,
    user TEXT NOT NULL,
    host TEXT NOT NULL,
    version TEXT NOT NULL,
    input TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT,
    result TEXT,
    error TEXT
  ) STRICT;
  CREATE INDEX operations_unfinished ON operations (environment) WHERE outcome IS NULL;

  CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL REFERENCES operations (id),
    step TEXT NOT NULL,
    event TEXT NOT NULL,
    at TEXT NOT NULL,
    data TEXT
  ) STRICT;
  CREATE INDEX journal_operation ON journal (operation, sequence);

  CREATE TABLE releases (
    id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    operation TEXT NOT NULL REFERENCES operations (id),
    created_at TEXT NOT NULL,
    current_since TEXT,
    status TEXT NOT NULL CHECK (status IN ('current', 'former', 'stopped')),
    schema_head TEXT,
    record TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX releases_one_current ON releases (environment)
    WHERE status IN ('current', 'stopped');

  CREATE TABLE bench_runs (
    id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    scenario TEXT NOT NULL,
    started_at TEXT NOT NULL,
    passed INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE job_runs (
    id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    job TEXT NOT NULL,
    trigger TEXT NOT NULL,
    due_at TEXT,
    claimed_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    outcome TEXT,
    reason TEXT,
    exit_code INTEGER,
    signal TEXT,
    firings INTEGER NOT NULL,
    process TEXT NOT NULL,
    process_group TEXT,
    log TEXT
  ) STRICT;
  -- What is due at one time is run once, whoever finds it due.
  CREATE UNIQUE INDEX job_runs_once ON job_runs (environment, job, due_at)
    WHERE due_at IS NOT NULL;
  CREATE INDEX job_runs_unfinished ON job_runs (environment) WHERE outcome IS NULL;
  CREATE INDEX job_runs_latest ON job_runs (environment, claimed_at);

  CREATE TABLE job_states (
    environment TEXT NOT NULL,
    job TEXT NOT NULL,
    since TEXT,
    paused_at TEXT,
    paused_by TEXT,
    reason TEXT,
    PRIMARY KEY (environment, job)
  ) STRICT;
  `,
  `
  CREATE TABLE bench_baselines (
    environment TEXT NOT NULL,
    name TEXT NOT NULL,
    scenario TEXT NOT NULL,
    run TEXT NOT NULL REFERENCES bench_runs (id),
    set_at TEXT NOT NULL,
    PRIMARY KEY (environment, name, scenario)
  ) STRICT;
  `,
];

/** "stud" in ASCII: SQLite's application_id, which tells a ledger from any other database. */
export const ledgerApplicationId = 0x73747564;
