import { spawn } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildHostileTree } from "../integration/backup/hostile-tree.ts";
import { type TestProject, collect, createProject, quickSettings } from "../support/studio.ts";

interface Answer<T> {
  exitCode: number | null;
  result: T;
  warnings: string[];
  error: { code: string; message: string; hint: string | null } | null;
  stdout: string;
  stderr: string;
}

interface Row {
  id: string;
}

const projects: TestProject[] = [];

afterAll(() => {
  for (const { directory } of projects) rmSync(directory, { recursive: true, force: true });
});

/** A project in which nothing is deployed, with the files of one set. */
async function start(settings = quickSettings) {
  const project = await createProject(settings);
  projects.push(project);
  mkdirSync(join(project.directory, "uploads"));
  project.write("uploads/note.txt", "first");
  project.write(".env", "JWT_SECRET_KEY=hunter2-hunter2\n");
  return project;
}

async function ask<T>(project: TestProject, ...argv: string[]): Promise<Answer<T>> {
  const { stdout, stderr, exitCode } = await project.studio([...argv, "--json"]);
  return { ...(JSON.parse(stdout) as Answer<T>), exitCode, stdout, stderr };
}

async function take(project: TestProject, ...argv: string[]) {
  const answer = await ask<{ snapshot: Row }>(project, "backup", "create", ...argv);
  expect(answer.exitCode, answer.stderr).toBe(0);
  return answer;
}

/** studio's own, applied by the first deploy. */
const ownMigrations = readdirSync(resolve(import.meta.dirname, "../../migrations")).length;

describe("a plain repository", () => {
  let project: TestProject;
  let ids: string[];

  beforeAll(async () => {
    project = await start();
    await project.studio(["migrate", "up"]);
    const before = await take(project, "--name", "before", "--tag", "kept");
    appendFileSync(join(project.directory, "uploads/note.txt"), " and more");
    project.write("uploads/new.txt", "new");
    const after = await take(project);
    ids = [before, after].map(({ result }) => result.snapshot.id);
  }, 60_000);

  test("create warns of a repository on the disk of the data, and of variables left out", async () => {
    const { warnings } = await take(project, "--set", "full", "--name", "warned");
    expect(warnings).toEqual([
      expect.stringContaining("lies on the disk of the data"),
      expect.stringMatching(/not encrypted: \.env\. .*backup key generate/),
    ]);
    const { result } = await ask<Row[]>(project, "backup", "list");
    const { stdout } = await project.studio(["backup", "show", "warned", "--all"]);
    expect(result).toHaveLength(3);
    expect(stdout).not.toContain(".env");
  });

  test("show tells what is known of a snapshot, and what lies directly in a folder", async () => {
    const { result, exitCode } = await ask(project, "backup", "show", "before");
    expect(exitCode).toBe(0);
    expect(result).toMatchObject({
      snapshot: {
        id: ids[0],
        set: "full",
        name: "before",
        tags: ["kept"],
        encrypted: false,
        verification: { ok: true },
      },
      objects: { count: expect.any(Number), bytes: expect.any(Number) },
      contents: {
        databases: [
          { label: "database", tables: { studio_migrations: ownMigrations } },
          { label: "ledger", dialect: "sqlite" },
        ],
        entries: [
          { path: "studio.yaml", type: "file" },
          { path: "uploads", type: "directory", files: 1, bytes: 5 },
        ],
      },
    });
    const human = await project.studio(["backup", "show", ids[1] ?? "", "uploads"]);
    expect(human.stdout).toMatch(/^read back\t20/m);
    expect(human.stdout).toContain(`database\tsqlite\tstudio_migrations\t${ownMigrations}\n`);
    expect(human.stdout).toMatch(/^-[0-7]{4}\t\d+:\d+\t14 bytes\t.*Z\tuploads\/note\.txt$/m);
    const all = await ask(project, "backup", "show", "before", ".studio", "--all");
    expect(all.result).toMatchObject({ contents: { entries: [{ type: "file" }, {}] } });
  });

  test("show refuses a path and a snapshot that are not there", async () => {
    const path = await ask(project, "backup", "show", "before", "nowhere");
    expect([path.exitCode, path.error?.message]).toEqual([2, expect.stringContaining("nowhere")]);
    expect((await ask(project, "backup", "show", "2020")).exitCode).toBe(2);
  });

  test("diff tells two snapshots apart, and a snapshot from now", async () => {
    const two = await ask(project, "backup", "diff", "before", ids[1] ?? "");
    expect(two.exitCode).toBe(0);
    expect(two.result).toMatchObject({
      before: { id: ids[0], set: "full" },
      after: { id: ids[1] },
      counts: { added: 1, removed: 0, changed: 1, moved: 0 },
      changes: [
        { change: "added", path: "uploads/new.txt", before: null },
        { change: "changed", path: "uploads/note.txt", aspects: ["content", "time"] },
      ],
      skipped: [],
    });
    project.write("uploads/late.txt", "late");
    const now = await ask(project, "backup", "diff", ids[1] ?? "", ".", "uploads");
    expect(now.result).toMatchObject({
      after: null,
      databases: null,
      changes: [{ change: "added", path: "uploads/late.txt" }],
    });
    const human = await project.studio(["backup", "diff", "before", ids[1] ?? ""]);
    expect(human.stdout).toMatch(
      /^changed\tuploads\/note\.txt\tcontent, time\t5 bytes\t14 bytes$/m,
    );
  });

  test("copy takes snapshots to another folder, once, and refuses its own", async () => {
    const copied = await ask(project, "backup", "copy", "--to", "elsewhere", "before");
    expect([copied.exitCode, copied.stderr]).toEqual([0, ""]);
    const snapshots = [{ id: ids[0], outcome: "copied", encrypted: false }];
    expect(copied.result).toMatchObject({ to: join(project.directory, "elsewhere"), snapshots });
    const again = await ask(project, "backup", "copy", "--to", "elsewhere", "--all");
    expect(again.result).toMatchObject({
      snapshots: expect.arrayContaining([
        expect.objectContaining({ id: ids[0], outcome: "present", addedBytes: 0 }),
        expect.objectContaining({ id: ids[1], outcome: "copied" }),
      ]),
    });
    const folder = join(project.directory, "elsewhere");
    const there = await start(`${quickSettings}backup: { repository: "${folder}" }\n`);
    const listed = await ask<Row[]>(there, "backup", "list");
    expect(listed.result.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    const whole = await ask(there, "backup", "verify", "before", "--read-data");
    expect(whole.result).toMatchObject({ ok: true });
    const own = await ask(project, "backup", "copy", "--to", ".studio/backups", "--all");
    expect([own.exitCode, own.error?.code]).toEqual([2, "usage"]);
  }, 60_000);

  test("undelete brings back what prune gave up", async () => {
    // One that is kept for its newness, and nothing else.
    const few = "retention: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, floor: 1 }";
    project.write("studio.yaml", `${quickSettings}backup: { ${few} }\n`);
    const pruned = await ask<{ trashed: string[] }>(project, "backup", "prune");
    expect(pruned.result.trashed).toEqual(expect.arrayContaining(ids));
    const trash = await ask<{ deleted: Row[] }>(project, "backup", "list", "--deleted");
    const times = { trashed: expect.any(String), keptUntil: expect.any(String) };
    expect(trash.result.deleted).toContainEqual(
      expect.objectContaining({ id: ids[0], name: "before", ...times }),
    );
    const human = await project.studio(["backup", "list", "--deleted"]);
    expect(human.stdout).toMatch(/^\S+\tfull\tbefore\tlocal\t.*\t20\S+Z\t20\S+Z$/m);
    const back = await ask(project, "backup", "undelete", "before");
    expect([back.exitCode, back.result]).toEqual([0, { restored: [ids[0]] }]);
    const none = await ask(project, "backup", "undelete", ids[0] ?? "");
    expect([none.exitCode, none.error?.hint]).toEqual([2, expect.stringContaining("--deleted")]);
    await ask(project, "backup", "undelete", "--all");
    const listed = await ask<Row[]>(project, "backup", "list");
    expect(listed.result.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  }, 60_000);
});

describe("an encrypted repository", () => {
  let project: TestProject;
  let recipient: string;
  let identity: string;
  const elsewhere = mkdtempSync(join(tmpdir(), "studio-looks-"));

  beforeAll(async () => {
    project = await start();
    identity = join(elsewhere, "key.txt");
    const made = await ask<{ recipient: string; configuration: string; file: string }>(
      project,
      "backup",
      "key",
      "generate",
      "--output",
      identity,
    );
    recipient = made.result.recipient;
    expect(made.result.file).toBe(identity);
    expect(made.stdout + made.stderr).not.toContain("AGE-SECRET-KEY");
    expect(statSync(identity).mode & 0o777).toBe(0o600);
    project.write("studio.yaml", quickSettings + made.result.configuration);
  }, 60_000);

  afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

  test("key generate overwrites nothing, and shows no secret to people either", async () => {
    const before = readFileSync(identity, "utf8");
    expect(before).toMatch(/^# created: .*\n# public key: age1.*\nAGE-SECRET-KEY-1[0-9A-Z]+\n$/);
    const again = await ask(project, "backup", "key", "generate", "--output", identity);
    expect([again.exitCode, again.error?.code]).toEqual([2, "usage"]);
    expect(readFileSync(identity, "utf8")).toBe(before);
    const other = join(elsewhere, "other.txt");
    const { stdout, stderr } = await project.studio([
      "backup",
      "key",
      "generate",
      "--output",
      other,
    ]);
    expect(stdout).toContain(`    - ${recipient}\n    - age1`);
    expect(stdout + stderr).not.toContain("AGE-SECRET-KEY");
  });

  test("a key that was never seen to decrypt is warned about until it was", async () => {
    const [unseen] = (await take(project, "--set", "models")).warnings;
    expect(unseen).toMatch(new RegExp(`${recipient} was never seen to decrypt.*key check`));
    const doctor = await ask<{ checks: { title: string; state: string }[] }>(project, "doctor");
    expect(doctor.result.checks).toContainEqual(
      expect.objectContaining({ title: expect.stringContaining("Keys of backups"), state: "note" }),
    );
    const check = await ask(project, "backup", "key", "check");
    expect([check.exitCode, check.error?.code]).toEqual([4, "backup.key-unproven"]);
    expect(check.result).toEqual({
      recipients: [{ recipient, proven: false, seen: null }],
      strangers: [],
    });
    const wrong = join(elsewhere, "other.txt");
    const stranger = await ask(project, "backup", "key", "check", "--identity", wrong);
    expect([stranger.exitCode, stranger.warnings.length]).toEqual([4, 1]);

    const proven = await ask(project, "backup", "key", "check", "--identity", identity);
    expect([proven.exitCode, proven.stderr]).toEqual([0, ""]);
    expect(proven.result).toMatchObject({
      recipients: [{ recipient, proven: true, seen: expect.stringMatching(/^20.*Z$/) }],
    });
    const later = await ask(project, "backup", "key", "check");
    expect(later.result).toMatchObject({
      recipients: [{ proven: false, seen: expect.any(String) }],
    });
    expect((await ask(project, "backup", "key", "check", "--identity", wrong)).exitCode).toBe(4);
    expect((await take(project, "--set", "models")).warnings.join()).not.toContain("decrypt");
    const notes = join(project.directory, ".studio", "backup-keys.json");
    expect(statSync(notes).mode & 0o777).toBe(0o600);
    expect(readFileSync(notes, "utf8")).not.toMatch(/age1|SECRET/i);
  }, 60_000);

  test("files with variables are stored, and seen by whoever has the key alone", async () => {
    const { warnings } = await take(project, "--name", "sealed");
    expect(warnings.join()).not.toContain(".env");
    const closed = await ask<{ contents: unknown }>(project, "backup", "show", "sealed");
    expect([closed.exitCode, closed.result.contents]).toEqual([0, null]);
    expect(closed.warnings).toEqual([expect.stringContaining("--identity FILE")]);
    expect(closed.result).toMatchObject({ snapshot: { encrypted: true, set: "full" } });
    const opened = await ask(project, "backup", "show", "sealed", ".env", "--identity", identity);
    expect(opened.result).toMatchObject({
      contents: { entries: [{ path: ".env", bytes: 31, type: "file" }] },
    });
    const wrong = ["--identity", join(elsewhere, "other.txt")];
    expect((await ask(project, "backup", "show", "sealed", ...wrong)).exitCode).toBe(2);
  });

  test("a key that has just read a backup was seen to decrypt", async () => {
    rmSync(join(project.directory, ".studio", "backup-keys.json"));
    expect((await ask(project, "backup", "key", "check")).exitCode).toBe(4);
    const read = await ask(project, "backup", "verify", "sealed", "--identity", identity);
    expect(read.result).toMatchObject({ ok: true, decrypted: true });
    expect((await ask(project, "backup", "key", "check")).exitCode).toBe(0);
  });

  test("snapshots are told apart by whoever has the key", async () => {
    appendFileSync(join(project.directory, ".env"), "MORE=1\n");
    const closed = await ask(project, "backup", "diff", "sealed", ".");
    expect([closed.exitCode, closed.error?.hint]).toEqual([
      2,
      expect.stringContaining("--identity"),
    ]);
    const opened = await ask(project, "backup", "diff", "sealed", ".", "--identity", identity);
    expect(opened.result).toMatchObject({ changes: [{ change: "changed", path: ".env" }] });
  });

  test("a copy needs no key and stays encrypted; a damaged snapshot is not copied", async () => {
    const target = join(elsewhere, "copy");
    const copied = await ask(project, "backup", "copy", "--to", target, "--latest");
    expect(copied.result).toMatchObject({ snapshots: [{ outcome: "copied", encrypted: true }] });
    const config = JSON.parse(readFileSync(join(target, "config.json"), "utf8"));
    expect(config.recipients).toEqual([recipient]);
    expect(readdirSync(target)).toEqual(expect.arrayContaining(["README.txt", "restore.sh"]));
    const objects = join(project.directory, ".studio", "backups", "objects");
    for (const name of readdirSync(objects, { recursive: true }).map(String)) {
      if (name.endsWith(".age")) writeFileSync(join(objects, name), "damaged");
    }
    const broken = await ask(project, "backup", "copy", "--to", `${target}-2`, "sealed");
    expect([broken.exitCode, broken.error?.code]).toEqual([4, "backup.damaged"]);
    expect(broken.result).toMatchObject({ snapshots: [{ outcome: "failed" }] });
    expect(readdirSync(join(`${target}-2`)).includes("snapshots")).toBe(false);
  });
});

test("a project is the same from within its folder as from anywhere, whatever names are in it", async () => {
  const sets = "backup: { recipients: [], sets: { tree: { files: [uploads/**] } } }\n";
  const project = await start(`${quickSettings}${sets}`);
  buildHostileTree(join(project.directory, "uploads", "hostile"));
  const { result } = await take(project, "--set", "tree");
  const program = resolve(import.meta.dirname, "../../bin/studio.js");
  const place = ["--config", join(project.directory, "studio.yaml")];
  const words = ["backup", "create", "--set", "tree", "--json", ...place];
  const elsewhere = { cwd: tmpdir(), env: project.env };
  const { stdout } = await collect(spawn(process.execPath, [program, ...words], elsewhere));
  const from = (JSON.parse(stdout) as Answer<typeof result>).result;
  const counts = { files: 30, directories: 67, links: 7, skipped: 0 };
  expect(result).toMatchObject({ snapshot: { counts } });
  expect(from).toMatchObject({ snapshot: { counts } });
  expect(from).toMatchObject({ added: { objects: 0 } });
}, 60_000);
