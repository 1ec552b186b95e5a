import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMysql } from "../support/mysql.ts";
import { startPostgres } from "../support/postgres.ts";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

const servers = [
  { name: "PostgreSQL", server: await startPostgres() },
  { name: "MariaDB", server: await startMysql() },
].filter(({ server }) => server !== null);

describe.each(servers)("an environment whose database is $name", ({ server }) => {
  let project: TestProject;
  let url: string;

  beforeAll(async () => {
    url = (await server?.createDatabase()) ?? "";
    project = await createProject(`${quickSettings}database: { url: { env: DATABASE_URL } }\n`);
  }, 180_000);

  afterAll(async () => {
    await project.studio(["down"], { DATABASE_URL: url });
    await project.remove();
    await server?.stop();
  }, 180_000);

  const studio = (...argv: string[]) => project.studio(argv, { DATABASE_URL: url });

  test("is deployed with its schema in that database, and serves from it", async () => {
    const { exitCode, stderr } = await studio("deploy");
    expect(exitCode, stderr).toBe(0);
    const { result } = JSON.parse((await studio("migrate", "status", "--json")).stdout) as {
      result: { pending: string[]; head: string };
    };
    expect(result.pending).toEqual([]);
    const made = await fetch(`${project.url}/api/v1/vector/collections/kept`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dimension: 2 }),
    });
    expect(made.status).toBeLessThan(300);
  }, 180_000);

  test("keeps what was written across deploys", async () => {
    expect((await studio("deploy")).exitCode).toBe(0);
    const answer = await fetch(`${project.url}/api/v1/vector/collections`);
    expect(await answer.json()).toMatchObject({ collections: [{ name: "kept" }] });
  }, 180_000);

  test("returns to a snapshot, and to the release before", async () => {
    await fetch(`${project.url}/api/v1/vector/collections/kept`, { method: "DELETE" });
    const restored = await studio("backup", "restore", "latest", "--database", "--yes");
    expect(restored.exitCode, restored.stderr).toBe(0);
    const back = await studio("rollback");
    expect(back.exitCode, back.stderr).toBe(0);
    const answer = await fetch(`${project.url}/api/v1/vector/collections`);
    expect(await answer.json()).toMatchObject({ collections: [{ name: "kept" }] });
  }, 180_000);

  test("shows its password nowhere", async () => {
    const { password } = new URL(url);
    const plain = decodeURIComponent(password);
    for (const argv of [["status"], ["doctor"], ["config", "show"], ["deploy", "--dry-run"]]) {
      const { stdout, stderr } = await studio(...argv);
      expect(stdout + stderr).not.toContain(password);
      expect(stdout + stderr).not.toContain(plain);
    }
  });

  test("is refused with exit code 8 and a hint where the server is gone", async () => {
    const gone = url.replace(/:\d+\//, ":1/");
    const { exitCode, stderr } = await project.studio(["migrate", "status"], {
      DATABASE_URL: gone,
    });
    expect(exitCode).toBe(8);
    expect(stderr).toContain("cannot be reached");
    expect(stderr).not.toContain(new URL(url).password);
  });
});
