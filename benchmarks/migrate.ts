/**
 * Migrations that have nothing to do, and the status of many, beside Umzug, knex and Alembic on the
 * same databases, interleaved: node benchmarks/migrate.ts [--files N] [--rounds N] [--check]
 * With --check a missed target exits 1. PostgreSQL and Alembic are left out where not installed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../test/support/postgres.ts";
import { measureReaderStall } from "./migrate/reader-stall.ts";

const { values: given } = parseArgs({
  options: {
    files: { type: "string", default: "500" },
    rounds: { type: "string", default: "7" },
    check: { type: "boolean", default: false },
  },
});
const files = Number(given.files);
const program = resolve(import.meta.dirname, "migrate/run-in-process.ts");
const studio = resolve(import.meta.dirname, "../bin/studio.js");

interface Subject {
  name: string;
  /** Milliseconds of one run. */
  run(): number;
}

function run(argv: readonly string[], cwd: string, env: Record<string, string> = {}): string {
  const [file = "", ...rest] = argv;
  const { status, stdout, stderr } = spawnSync(file, rest, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}:\n${stderr}`);
  return stdout;
}

function timed(argv: readonly string[], cwd: string, env?: Record<string, string>): number {
  const started = performance.now();
  run(argv, cwd, env);
  return performance.now() - started;
}

const nameOf = (index: number): string =>
  `20260101T${String(10_000_000 + index).slice(2)}Z-table-${index}`;

/** Migrations for Node in one folder, and for Alembic in another. */
function writeMigrations(folder: string): void {
  const own = join(folder, "migrations");
  const versions = join(folder, "alembic", "versions");
  for (const one of [own, versions]) mkdirSync(one, { recursive: true });
  for (let index = 0; index < files; index += 1) {
    writeFileSync(
      join(own, `${nameOf(index)}.ts`),
      `export const compatible = true;
export async function up(knex) { await knex.raw("CREATE TABLE t${index} (id integer)"); }
export async function down(knex) { await knex.raw("DROP TABLE t${index}"); }
`,
    );
    writeFileSync(
      join(versions, `r${index}.py`),
      `from alembic import op
revision = "r${index}"
down_revision = ${index === 0 ? "None" : `"r${index - 1}"`}
def upgrade():
    op.execute("CREATE TABLE t${index} (id integer)")
def downgrade():
    op.execute("DROP TABLE t${index}")
`,
    );
  }
  writeFileSync(
    join(folder, "alembic", "env.py"),
    `import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["ALEMBIC_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
`,
  );
  writeFileSync(join(folder, "alembic", "script.py.mako"), "");
  writeFileSync(join(folder, "alembic.ini"), "[alembic]\nscript_location = alembic\n");
}

function alembicVersion(): string | null {
  const { status, stdout } = spawnSync("alembic", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** The same acts by each tool, on a database of its own that has everything applied. */
function subjectsOn(folder: string, urlOf: (tool: string) => string): Map<string, Subject[]> {
  const own = join(folder, "migrations");
  const inProcess = (tool: string, act: string): Subject => ({
    name: tool,
    run: () => Number(run([process.execPath, program, tool, act, urlOf(tool), own], folder)),
  });
  const tools = ["studio", "umzug", "knex"];
  for (const tool of tools) inProcess(tool, "up").run();
  const acts = new Map<string, Subject[]>([
    ["nothing to apply, from connection to end", tools.map((tool) => inProcess(tool, "up"))],
    ["status, from connection to end", tools.map((tool) => inProcess(tool, "status"))],
  ]);
  if (alembicVersion() !== null) {
    const env = { ALEMBIC_URL: urlOf("alembic").replace(/^postgres:/, "postgresql:") };
    run(["alembic", "upgrade", "head"], folder, env);
    const database = { DATABASE_URL: urlOf("studio"), STUDIO_ENV: "local" };
    acts.set("nothing to apply, as it is typed", [
      {
        name: "studio",
        run: () => timed([process.execPath, studio, "migrate", "up"], folder, database),
      },
      { name: "alembic", run: () => timed(["alembic", "upgrade", "head"], folder, env) },
    ]);
    acts.set("status, as it is typed", [
      {
        name: "studio",
        run: () => timed([process.execPath, studio, "migrate", "status"], folder, database),
      },
      { name: "alembic", run: () => timed(["alembic", "current"], folder, env) },
    ]);
  }
  return acts;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Milliseconds that studio may take at most. */
const targets: Record<string, number> = {
  "nothing to apply, from connection to end": 300,
  "status, as it is typed": 500,
};

let missed = 0;

function report(database: string, acts: Map<string, Subject[]>): void {
  for (const [act, subjects] of acts) {
    const times = new Map(subjects.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < Number(given.rounds); round += 1) {
      for (const subject of subjects) times.get(subject.name)?.push(subject.run());
    }
    const own = median(times.get("studio") ?? []);
    const most = targets[act];
    const met = most === undefined || own <= most;
    if (!met) missed += 1;
    const verdict = most === undefined ? "" : `  <= ${most} ms  ${met ? "met" : "MISSED"}`;
    process.stdout.write(`${database}, ${files} files: ${act}${verdict}\n`);
    for (const [name, all] of times) {
      const ratio = (own / median(all)).toFixed(2);
      process.stdout.write(
        `  ${name.padEnd(8)} ${median(all).toFixed(0).padStart(6)} ms${name === "studio" ? "" : `   studio takes ${ratio}x`}\n`,
      );
    }
  }
}

/** How long readers wait for a migration that waits for a lock itself. */
async function reportStall(createDatabase: () => Promise<string>): Promise<void> {
  const lockTimeout = 1000;
  const stalls: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    stalls.push(await measureReaderStall(await createDatabase(), lockTimeout));
  }
  const most = lockTimeout + 100;
  const met = median(stalls) <= most;
  if (!met) missed += 1;
  process.stdout.write(
    `PostgreSQL: readers beside a blocked ALTER, lock timeout ${lockTimeout} ms  <= ${most} ms  ${met ? "met" : "MISSED"}\n` +
      `  longest wait ${stalls.map((one) => one.toFixed(0)).join(", ")} ms\n`,
  );
}

const folder = mkdtempSync(join(tmpdir(), "studio-benchmark-"));
const postgres = await startPostgres();
try {
  writeMigrations(folder);
  writeFileSync(join(folder, "studio.yaml"), "name: bench\n");
  report(
    "SQLite",
    subjectsOn(folder, (tool) =>
      tool === "alembic" ? `sqlite:///${folder}/alembic.db` : `sqlite:${folder}/${tool}.db`,
    ),
  );
  if (postgres !== null) {
    const urls = new Map<string, string>();
    for (const tool of ["studio", "umzug", "knex", "alembic"]) {
      urls.set(tool, await postgres.createDatabase());
    }
    report(
      "PostgreSQL",
      subjectsOn(folder, (tool) => urls.get(tool) ?? ""),
    );
    await reportStall(() => postgres.createDatabase());
  }
} finally {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = given.check && missed > 0 ? 1 : 0;
