import { existsSync, readFileSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { TestProject } from "./studio.ts";

export interface ProjectState {
  /** The release that the ledger calls current; null before the first. */
  release: string | null;
  /** False where it was taken down. */
  serves: boolean;
  /** The migration applied last. */
  schemaHead: string | null;
}

interface CurrentRow {
  id: string;
  status: string;
  record: string;
}

/**
 * Looks at all that a project has on the disk and in memory, past studio's own commands, and
 * expects that exactly what the ledger calls current is there, and nothing is left of anything else.
 */
export async function expectSound(
  project: TestProject,
  where: string,
  schema: "of the release" | "any" = "of the release",
): Promise<ProjectState> {
  const folder = join(project.directory, ".studio");
  const ledger = new Database(join(folder, "state.db"), { readonly: true });
  try {
    const unfinished = "SELECT id, kind FROM operations WHERE outcome IS NULL";
    expect(ledger.prepare(unfinished).all(), where).toEqual([]);
    const current = ledger
      .prepare<[], CurrentRow>("SELECT id, status, record FROM releases WHERE status != 'former'")
      .all();
    expect(current.length, where).toBeLessThanOrEqual(1);
    const [row] = current;
    const serves = row?.status === "current";
    await expectProcesses(project, serves ? row.id : null, where);
    const applied = expectSchema(folder, where);
    if (row !== undefined && schema === "of the release") {
      const record = JSON.parse(row.record) as { migrations: { name: string }[] };
      const known = record.migrations.map(({ name }) => name);
      expect(namesOf(applied.slice(0, known.length)), where).toEqual(known);
      // One that came with a later release may stay where this one can live with it.
      expect(namesOf(applied.slice(known.length).filter((one) => !one.compatible))).toEqual([]);
    }
    const kept = ledger.prepare<[], { record: string }>("SELECT record FROM releases").all();
    expect(
      [...unusedContents(folder, kept), ...unfinishedSnapshots(folder), ...temporaryFiles(folder)],
      where,
    ).toEqual([]);
    expectFreeLocks(folder, where);
    return { release: row?.id ?? null, serves, schemaHead: applied.at(-1)?.name ?? null };
  } finally {
    ledger.close();
  }
}

async function expectProcesses(
  project: TestProject,
  release: string | null,
  where: string,
): Promise<void> {
  const run = join(project.directory, ".studio", "run");
  const files = existsSync(run)
    ? readdirSync(run, { recursive: true, withFileTypes: true }).filter((one) => !one.isDirectory())
    : [];
  const names = files.map(({ name }) => name).toSorted();
  const lines = serverProcesses(project.directory).map(({ line }) => line);
  if (release === null) {
    expect(names, where).toEqual([]);
    expect(lines, where).toEqual([]);
    await expect(fetch(project.url), where).rejects.toThrow();
    return;
  }
  const ofRelease = ["crashes", "json", "sock"].map((kind) => `${release}.${kind}`);
  const own = [...ofRelease, "supervisor.json", "supervisor.sock"];
  expect(names, where).toEqual(own.toSorted());
  expect(lines, `${where}: ${lines.join("\n")}`).toHaveLength(2);
  const instances = lines.filter((line) => line.includes("__instance"));
  expect(instances, where).toEqual([expect.stringContaining(release)]);
  const headers = { connection: "close" };
  const answer = await fetch(`${project.url}/health/ready`, { headers });
  expect([answer.status, answer.headers.get("x-studio-release")], where).toEqual([200, release]);
}

/**
 * All processes that work in the project's folder, or were told of it. One that ends has given its
 * command line back already, and keeps its folder a moment longer.
 */
export function serverProcesses(directory: string): { pid: number; line: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), line: commandLine(name), folder: workingFolder(name) }))
    .filter(({ line }) => line !== "")
    .filter(({ line, folder }) => line.includes(directory) || folder.startsWith(directory));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Each migration is there whole or not at all; tells the last one. */
interface AppliedRow {
  name: string;
  status: string;
  compatible: number;
}

const namesOf = (rows: AppliedRow[]): string[] => rows.map(({ name }) => name);

function expectSchema(folder: string, where: string): AppliedRow[] {
  const file = join(folder, "data", "studio.db");
  if (!existsSync(file)) return [];
  const database = new Database(file, { readonly: true });
  try {
    const names = tablesOf(database);
    if (!names.includes("studio_migrations")) return [];
    const rows = database
      .prepare<[], AppliedRow>(
        "SELECT name, status, compatible FROM studio_migrations ORDER BY sequence",
      )
      .all();
    expect(
      rows.filter(({ status }) => status !== "applied"),
      where,
    ).toEqual([]);
    const rounds = rows.map(({ name }) => /-(round-\d+)$/.exec(name)?.[1]?.replace("-", "_"));
    expect(names.filter((name) => name.startsWith("round_")).toSorted(), where).toEqual(
      rounds.filter((name) => name !== undefined).toSorted(),
    );
    expect(database.pragma("integrity_check", { simple: true }), where).toBe("ok");
    return rows;
  } finally {
    database.close();
  }
}

function tablesOf(database: Database.Database): string[] {
  return database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .pluck()
    .all();
}

/** Folders and contents of releases that no release in the ledger has. */
function unusedContents(folder: string, rows: readonly { record: string }[]): string[] {
  const releases = join(folder, "releases");
  const records = rows.map(({ record }) => JSON.parse(record) as { id: string; code: Code });
  const known = new Set(records.flatMap(({ id, code }) => [id, code.digest]));
  const own = new Set(["code", "objects", "hashes.json", "contents.lock"]);
  const objects = namesIn(join(releases, "objects")).flatMap((prefix) =>
    namesIn(join(releases, "objects", prefix)).map((name) => join("objects", prefix, name)),
  );
  return [
    ...namesIn(releases).filter((name) => !own.has(name) && !known.has(name)),
    ...namesIn(join(releases, "code")).filter((name) => !known.has(name)),
    ...objects.filter((name) => statSync(join(releases, name)).nlink === 1),
  ];
}

interface Code {
  digest: string;
}

/** Snapshots without their last object, copies made for them, and records of who writes. */
function unfinishedSnapshots(folder: string): string[] {
  const backups = join(folder, "backups");
  const snapshots = join(backups, "snapshots");
  return [
    ...namesIn(snapshots).filter((name) => !existsSync(join(snapshots, name, "COMMIT"))),
    ...namesIn(join(backups, "scratch")),
    ...namesIn(join(backups, "locks")),
  ];
}

function temporaryFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names.filter(
    (name) =>
      !/^releases\/(?:code|objects)\//.test(name) &&
      /(?:\.(?:tmp|part|partial|building|restored|old)|\.studio-restore-\w+)$/.test(name),
  );
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function expectFreeLocks(folder: string, where: string): void {
  const files = ["locks/local.db", "releases/contents.lock", "data/studio.db.migrate-lock"];
  for (const file of files.map((name) => join(folder, name)).filter((one) => existsSync(one))) {
    const database = new Database(file, { timeout: 0 });
    try {
      expect(() => database.exec("BEGIN EXCLUSIVE; ROLLBACK"), `${where}: ${file}`).not.toThrow();
    } finally {
      database.close();
    }
  }
}
