import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestProject, createProject } from "../support/studio.ts";

const users = "20260101T000000Z-users";
const rename = "20260102T000000Z-rename";

let project: TestProject;

beforeAll(async () => {
  project = await createProject();
  mkdirSync(join(project.directory, "migrations"));
  write(users, "CREATE TABLE users (id integer PRIMARY KEY, email text);", "DROP TABLE users;");
  const { exitCode, stderr } = await project.studio(["deploy"]);
  expect(exitCode, stderr).toBe(0);
}, 180_000);

afterAll(() => project.remove(), 180_000);

interface Document {
  ok: boolean;
  exitCode: number;
  result: Record<string, unknown> | null;
  error: { code: string; message: string; hint: string } | null;
}

async function run(...argv: string[]): Promise<Document> {
  return JSON.parse((await project.studio([...argv, "--json"])).stdout) as Document;
}

function write(name: string, up: string, down: string): void {
  const text = `-- studio: up\n${up}\n-- studio: down\n${down}\n`;
  writeFileSync(join(project.directory, "migrations", `${name}.sql`), text);
}

/** What the public is answered, again and again. */
function watch(): { stop(): Promise<Set<number>> } {
  const statuses = new Set<number>();
  let isOn = true;
  const asking = (async () => {
    while (isOn) {
      const answer = await fetch(`${project.url}/health/ready`, {
        headers: { connection: "close" },
      });
      statuses.add(answer.status);
      await answer.arrayBuffer();
      await sleep(10);
    }
  })();
  return {
    async stop() {
      isOn = false;
      await asking;
      return statuses;
    },
  };
}

describe("migrations on the command line", () => {
  test("say what they would send, and change nothing", async () => {
    write(
      rename,
      "ALTER TABLE users RENAME COLUMN email TO mail;",
      "ALTER TABLE users RENAME COLUMN mail TO email;",
    );
    const { result } = await run("migrate", "up", "--dry-run");
    expect(result).toMatchObject({
      direction: "up",
      migrations: [
        { name: rename, statements: [{ sql: "ALTER TABLE users RENAME COLUMN email TO mail" }] },
      ],
    });
    expect((await run("migrate", "current")).result).toMatchObject({ pending: 1 });
  });

  test("are judged before they meet the release that serves", async () => {
    const lint = await run("migrate", "lint");
    expect(lint).toMatchObject({ ok: false, exitCode: 4, error: { code: "migration.unsafe" } });
    expect(lint.result).toMatchObject({
      findings: [{ rule: "rename-column", line: 2, message: expect.stringContaining("email") }],
    });
    const refused = await run("deploy");
    expect(refused).toMatchObject({ exitCode: 4, error: { code: "migration.unsafe" } });
    expect(refused.error?.hint).toContain("--allow-breaking");
    expect((await run("migrate", "current")).result).toMatchObject({ pending: 1 });
  });

  test("that are allowed to break the release are applied behind a maintenance page", {
    timeout: 120_000,
  }, async () => {
    const watching = watch();
    const deployed = await run("deploy", "--allow-breaking");
    expect(deployed.error).toBeNull();
    expect(await watching.stop()).toEqual(new Set([200, 503]));
    const answer = await fetch(`${project.url}/health/ready`);
    expect(answer.status).toBe(200);
    expect((await run("migrate", "current")).result).toMatchObject({ pending: 0 });
  });

  test("are taken back and applied again, and every act is kept", async () => {
    expect(await run("migrate", "down", "-1")).toMatchObject({ ok: true });
    expect(await run("migrate", "up", "--to", "+1")).toMatchObject({ ok: true });
    const { result } = await run("migrate", "history");
    const entries = (result as unknown as { entries: { action: string; name: string }[] }).entries;
    expect(entries.map(({ action, name }) => `${action} ${name}`).slice(-3)).toEqual([
      `applied ${rename}`,
      `reverted ${rename}`,
      `applied ${rename}`,
    ]);
  });

  test("that were edited stop everything until that is accepted", async () => {
    write(rename, "ALTER TABLE users RENAME COLUMN email TO mail; -- as agreed", "SELECT 1;");
    const status = await run("migrate", "status");
    expect(status).toMatchObject({ exitCode: 4 });
    const hint = /`studio (migrate repair --accept \S+)`/.exec(status.error?.hint ?? "")?.[1] ?? "";
    expect(await run("migrate", "up")).toMatchObject({ exitCode: 4 });
    expect(await run(...hint.split(" "))).toMatchObject({ ok: true });
    expect(await run("migrate", "status")).toMatchObject({ ok: true });
  });

  test("work on the database that a file names, without its address on the command line", async () => {
    const file = join(project.directory, "other.url");
    writeFileSync(file, "sqlite:other.db\n", { mode: 0o600 });
    const other = ["--database-url-file", file];
    expect((await run("migrate", "baseline", users, ...other)).result).toMatchObject({
      changed: [users],
    });
    expect((await run("migrate", "current", ...other)).result).toMatchObject({ head: users });
    expect((await run("migrate", "current")).result).toMatchObject({ head: rename });
  });
});

describe("the schema and its file", () => {
  test("agree after a dump, and a change by hand is found", async () => {
    expect(await run("migrate", "dump")).toMatchObject({ ok: true });
    expect(await run("migrate", "check")).toMatchObject({ ok: true, result: { drift: [] } });
    const database = new Database(join(project.directory, ".studio", "data", "studio.db"));
    database.exec("CREATE INDEX by_hand ON users (mail)");
    database.close();
    expect(await run("migrate", "check")).toMatchObject({
      exitCode: 4,
      result: { drift: [{ kind: "added", what: "index", path: "users.by_hand" }] },
    });
    expect(await run("migrate", "dump")).toMatchObject({ ok: true });
  });

  test("lead to a migration that was rehearsed and tested before it is applied", async () => {
    const file = join(project.directory, "migrations", "schema.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("      mail: text", "      mail: text\n      age: integer"));
    const created = await run("migrate", "create", "add", "age", "--autogenerate");
    expect(created.result).toMatchObject({
      created: [{ name: expect.stringMatching(/-add-age$/) as string }],
    });
    expect(await run("migrate", "rehearse")).toMatchObject({
      ok: true,
      result: { migrations: [{ outcome: "done" }] },
    });
    expect(await run("migrate", "test")).toMatchObject({
      ok: true,
      result: { migrations: [{ outcome: "same" }] },
    });
    expect(await run("migrate", "lint")).toMatchObject({ ok: true, result: { findings: [] } });
    expect(await run("migrate", "check")).toMatchObject({ exitCode: 4 });
    expect(await run("migrate", "up")).toMatchObject({ ok: true });
    expect(await run("migrate", "check")).toMatchObject({ ok: true, result: { drift: [] } });
  });
});

describe("maintenance", () => {
  test("tells callers to come back later until it is over", async () => {
    expect(await run("maintenance", "on")).toMatchObject({ ok: true });
    const headers = { accept: "text/html" };
    const page = await fetch(`${project.url}/`, { headers });
    expect([page.status, page.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(await page.text()).toContain("Back in a moment");
    expect((await fetch(`${project.url}/health/live`)).status).toBe(200);
    expect(await run("maintenance", "on", "-m", "moving <racks>")).toMatchObject({
      result: { changed: true },
    });
    const told = await (await fetch(`${project.url}/`, { headers })).text();
    expect(told).toContain("moving &lt;racks&gt;");
    expect(await run("maintenance", "off")).toMatchObject({ ok: true });
    expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
  });

  test("is over when the operator says so, and not because the release was taken down between", {
    timeout: 120_000,
  }, async () => {
    expect(await run("maintenance", "on", "-m", "new disks")).toMatchObject({ ok: true });
    expect(await run("down")).toMatchObject({ ok: true });
    expect(await run("up")).toMatchObject({ ok: true });
    const answer = await fetch(`${project.url}/`, { headers: { connection: "close" } });
    expect(await answer.json()).toMatchObject({ status: 503, detail: "new disks" });
    expect(await run("maintenance", "off")).toMatchObject({ ok: true });
    expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
  });

  test("goes on in the operator's words where a deploy that needs it too is killed and undone", {
    timeout: 120_000,
  }, async () => {
    const told = async () =>
      (await (
        await fetch(`${project.url}/`, { headers: { connection: "close" } })
      ).json()) as object;
    const words = { status: 503, detail: "until 14:00" };
    expect(await run("maintenance", "on", "-m", "until 14:00")).toMatchObject({ ok: true });
    write(
      "20990101T000000Z-people",
      "ALTER TABLE users RENAME TO people;",
      "ALTER TABLE people RENAME TO users;",
    );
    const killed = await project.studio(["deploy", "--allow-breaking"], {
      STUDIO_FAULT: "kill:start/spawn:after",
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(await told()).toMatchObject(words);
    expect(await run("abort")).toMatchObject({ ok: true });
    expect(await told()).toMatchObject(words);
    expect(await run("maintenance", "off")).toMatchObject({ ok: true });
    expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
  });
});
