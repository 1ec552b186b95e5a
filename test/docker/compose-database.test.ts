import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type StackProject, createStackProject } from "../support/docker/stack-project.ts";
import { succeed } from "../support/kill-rounds.ts";

const missing = noDocker();

const settings = `
database: { url: "postgres://studio:of-the-tests@db:5432/studio" }
`;

describe.skipIf(missing !== null)(`a database within the stack${skipped(missing)}`, () => {
  let project: StackProject;

  beforeAll(async () => {
    project = await createStackProject({ more: settings, database: true });
  }, 300_000);

  afterAll(async () => {
    await project.remove();
  }, 60_000);

  async function schema(): Promise<{ head: string | null; pending: string[] }> {
    return JSON.parse((await succeed(project, ["status", "--json"])).stdout).result.schema;
  }

  test("is started, migrated and backed up by the first deploy", async () => {
    await succeed(project, ["deploy", "--skip-gate"]);
    expect(await schema()).toMatchObject({ head: expect.any(String), pending: [] });
  }, 300_000);

  test("is reached by the next deploy, and where it has another address", async () => {
    const { head } = await schema();
    const before = project.running().find((name) => name.includes("-db-"));
    await succeed(project, ["deploy", "--skip-gate"]);
    expect(project.running()).toContain(before);
    await succeed(project, ["down"]);
    expect((await schema()).head).toBeNull();
    await succeed(project, ["up"]);
    expect((await schema()).head).toBe(head);
  }, 300_000);

  test("begins anew once its volume was removed, and is put back from the backup that was named before", async () => {
    const { head } = await schema();
    const query = async (text: string) => {
      const words = ["psql", "-h", "127.0.0.1", "-U", "studio", "-d", "studio", "-tAc", text];
      const asked = ["exec", "--service", "db", "--", "env", "PGPASSWORD=of-the-tests", ...words];
      return (await succeed(project, asked)).stdout.trim();
    };
    await query("create table kept as select 42 as answer");
    await succeed(project, ["backup", "create", "--set", "database"]);
    const plan = JSON.parse(
      (await succeed(project, ["down", "--volumes", "--dry-run", "--json"])).stdout,
    ).result.plan;
    const gone = await succeed(project, ["down", "--volumes", "--yes"]);
    expect(gone.stderr).toContain(`read back is ${plan.volumes.backup.id}, of`);
    await succeed(project, ["deploy", "--skip-gate"]);
    expect(await schema()).toMatchObject({ head, pending: [] });
    expect(await query("select to_regclass('kept') is null")).toBe("t");
    await succeed(project, ["backup", "restore", plan.volumes.backup.id, "--database", "--yes"]);
    expect(await query("select answer from kept")).toBe("42");
  }, 300_000);
});
