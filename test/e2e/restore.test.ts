import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunResult, type TestProject, createProject } from "../support/studio.ts";

let project: TestProject;
/** Where a restore of the database can be killed, in the order of its course. */
let points: string[] = [];

beforeAll(async () => {
  project = await createProject();
  mkdirSync(join(project.directory, "content"));
  project.write("content/page.txt", "as it was");
  await run("deploy");
  await make("kept");
  await run("backup", "create", "--set", "full", "--name", "before");
  await make("later");
}, 180_000);

afterAll(() => project.remove(), 180_000);

async function run<T>(...argv: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await project.studio([...argv, "--json"]);
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as { result: T }).result;
}

async function make(collection: string): Promise<void> {
  const answer = await fetch(`${project.url}/api/v1/vector/collections/${collection}`, {
    method: "PUT",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ dimension: 2 }),
  });
  expect(answer.status).toBeLessThan(300);
}

async function collections(): Promise<string[]> {
  const answer = await fetch(`${project.url}/api/v1/vector/collections`, {
    headers: { connection: "close" },
  });
  const body = (await answer.json()) as { collections: { name: string }[] };
  return body.collections.map(({ name }) => name);
}

interface Status {
  serving: { release: string; state: string };
  schema: { head: string | null };
  operation: unknown;
}

const restoreDatabase = ["backup", "restore", "before", "--database", "--yes"];

/** Runs a restore that is killed at a certain point of it. */
async function runKilled(point: string): Promise<RunResult> {
  const at = points.indexOf(point) + 1;
  expect(at).toBeGreaterThan(0);
  return project.studio(restoreDatabase, { STUDIO_FAULT: `kill:${at}` });
}

/** Meanwhile nothing serves. */
async function expectUnfinished(): Promise<void> {
  const { exitCode, stdout } = await project.studio(["status", "--json"]);
  expect(exitCode).toBe(4);
  expect((JSON.parse(stdout) as { result: Status }).result).toMatchObject({
    operation: { state: "unfinished" },
    serving: { state: "not running", problems: [{ next: "studio resume, or studio abort" }] },
  });
}

describe("a restore of the database", () => {
  test("tells with --dry-run what it would do, and changes nothing", async () => {
    const { plan } = await run<{ plan: { database: string; steps: string[] } }>(
      ...restoreDatabase,
      "--dry-run",
    );
    expect(plan.database).toContain("studio.db");
    expect(plan.steps).toContainEqual(expect.stringContaining("Stop the release"));
    expect(await collections()).toEqual(["kept", "later"]);
  });

  test("that fails half-way is undone: the release serves the database it had", async () => {
    const { exitCode, stderr } = await project.studio(restoreDatabase, {
      STUDIO_FAULT: "fail:database/replace:after",
    });
    expect(exitCode, stderr).toBe(5);
    expect(await collections()).toEqual(["kept", "later"]);
    expect(await run<Status>("status")).toMatchObject({ serving: { state: "serving" } });
  }, 180_000);

  test("brings back what was there, and keeps what it replaces", async () => {
    const list = join(project.directory, "points");
    const { exitCode, stdout, stderr } = await project.studio([...restoreDatabase, "--json"], {
      STUDIO_FAULT: `list:${list}`,
    });
    expect(exitCode, stderr).toBe(0);
    points = readFileSync(list, "utf8").split("\n");
    expect(await collections()).toEqual(["kept"]);
    const { replacedKeptIn } = JSON.parse(stdout).result as { replacedKeptIn: string };
    expect(readFileSync(join(replacedKeptIn, "studio.db")).includes("later")).toBe(true);
  }, 180_000);

  test.each([
    ["resume", "forward", ["kept"]],
    ["abort", "back", ["kept", "later"]],
  ])(
    "that is killed is brought to an end by `%s`",
    async (way, direction, expected) => {
      await make("later");
      expect((await runKilled("database/replace:after")).signal).toBe("SIGKILL");
      await expectUnfinished();
      const { plan } = await run<{ plan: { direction: string; steps: string[] } }>(
        way,
        "--dry-run",
      );
      expect(plan.direction).toBe(direction);
      expect(plan.steps).toContain("Put the database back");
      await expectUnfinished();
      await run(way);
      expect(await collections()).toEqual(expected);
      expect(await run<Status>("status")).toMatchObject({
        operation: null,
        serving: { state: "serving" },
      });
    },
    180_000,
  );
});

describe("a restore of the database behind a maintenance page", () => {
  const told = async () =>
    (await (await fetch(project.url, { headers: { connection: "close" } })).json()) as object;
  const words = { status: 503, detail: "until 14:00" };

  beforeAll(() => run("maintenance", "on", "-m", "until 14:00"), 180_000);
  afterAll(() => run("maintenance", "off"), 180_000);

  test("lets nobody in when it has ended", async () => {
    await run(...restoreDatabase);
    expect(await told()).toMatchObject(words);
  }, 180_000);

  test("nor when it was killed and undone", async () => {
    expect((await runKilled("database/replace:after")).signal).toBe("SIGKILL");
    await run("abort");
    expect(await told()).toMatchObject(words);
  }, 180_000);
});

describe("a restore of files", () => {
  test("replaces what differs when it is told to, and keeps it", async () => {
    project.write("content/page.txt", "as it is");
    const refused = await project.studio(["backup", "restore", "before", "content"]);
    expect(refused.exitCode, refused.stderr).not.toBe(0);
    const page = join(project.directory, "content", "page.txt");
    expect(readFileSync(page, "utf8")).toBe("as it is");
    const { replacedKeptIn } = await run<{ replacedKeptIn: string }>(
      "backup",
      "restore",
      "before",
      "content",
      "--conflict",
      "always",
      "--yes",
    );
    expect(readFileSync(page, "utf8")).toBe("as it was");
    const kept = readFileSync(join(replacedKeptIn, "files", "content", "page.txt"), "utf8");
    expect(kept).toBe("as it is");
  }, 180_000);

  test("refuses a path that the snapshot does not have, before it begins", async () => {
    const { exitCode, stderr } = await project.studio(["backup", "restore", "before", "nowhere"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("nowhere");
  });
});

describe("a migration that cannot be taken back", () => {
  test("leaves the way by the snapshot that was taken before it", async () => {
    const { serving, schema } = await run<Status>("status");
    mkdirSync(join(project.directory, "migrations"));
    project.write(
      "migrations/20261202T000000Z-one-way.ts",
      `export const compatible = false;
       export async function up(knex) { await knex.schema.createTable("one_way", (t) => t.text("x")); }`,
    );
    await run("deploy", "--allow-breaking");
    await make("lost");
    const refused = await project.studio(["rollback"]);
    expect(refused.exitCode).toBe(4);
    const [, restore, back] =
      /`studio (backup restore \S+ --database --any-schema)`, then `studio (rollback \S+)`/.exec(
        refused.stderr,
      ) ?? [];
    const unfitting = await project.studio([
      ...(restore ?? "").replace(" --any-schema", "").split(" "),
      "--yes",
    ]);
    expect([unfitting.exitCode, unfitting.stderr]).toEqual([
      4,
      expect.stringContaining("studio migrate up --to") as string,
    ]);
    const restored = await run<{ warnings: string[] }>(...(restore ?? "").split(" "), "--yes");
    expect(restored.warnings).toEqual([expect.stringContaining("studio rollback")]);
    await run(...(back ?? "").split(" "));
    expect(await run<Status>("status")).toMatchObject({
      serving: { release: serving.release, state: "serving" },
      schema: { head: schema.head },
    });
    expect(await collections()).not.toContain("lost");
  }, 180_000);
});
