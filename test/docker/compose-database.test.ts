import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type StackProject, createStackProject } from "../support/docker/stack-project.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";
import { addMigration } from "../support/round-migration.ts";

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

  interface Snapshot {
    id: string;
    created: string;
    schemaHead: string | null;
  }

  const snapshots = async (): Promise<Snapshot[]> =>
    JSON.parse((await succeed(project, ["backup", "list", "--json"])).stdout).result;

  test("is migrated and put back behind the maintenance page that was up, which stays", async () => {
    const told = async () => (await (await fetch(project.url)).json()) as object;
    const words = { status: 503, detail: "until 14:00" };
    await succeed(project, ["backup", "create", "--set", "database", "--name", "behind"]);
    await succeed(project, ["maintenance", "on", "-m", "until 14:00"]);
    await succeed(project, ["backup", "restore", "behind", "--database", "--yes"]);
    expect(await told()).toMatchObject(words);
    const name = "20270101T000000Z-narrow";
    const [up, down] = ["DROP TABLE IF EXISTS kept", "CREATE TABLE kept (answer integer)"];
    mkdirSync(join(project.directory, "migrations"), { recursive: true });
    project.write(`migrations/${name}.sql`, `-- studio: up\n${up};\n-- studio: down\n${down};\n`);
    const breaking = [...deploy, "--allow-breaking"];
    const failed = await project.studio(breaking, { STUDIO_FAULT: "fail:switch/reload:after" });
    rmSync(join(project.directory, "migrations", `${name}.sql`));
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(await told()).toMatchObject(words);
    await succeed(project, ["maintenance", "off"]);
    expect(await serving(project)).not.toBeNull();
  }, 300_000);

  test("lets a release return that can live with what was added, and go on from there", async () => {
    const first = await serving(project);
    addMigration(project, 1);
    await succeed(project, deploy);
    const second = await serving(project);
    const { head } = await schema();
    expect(head).toContain("round-1");
    await succeed(project, rollback);
    expect(await serving(project)).toBe(first);
    expect((await schema()).head).toBe(head);
    await succeed(project, rollback);
    expect(await serving(project)).toBe(second);
  }, 300_000);

  test("is taken back with the files of the newer release, on demand and after a backup", async () => {
    const before = await serving(project);
    const { head } = await schema();
    addMigration(project, 2, false);
    await succeed(project, [...deploy, "--allow-breaking"]);
    const breaking = await serving(project);
    const refused = await project.studio(["rollback", "--skip-gate"]);
    expect(refused.exitCode, refused.stderr).toBe(4);
    expect(refused.stderr).toMatch(/does not know \S+-round-2\. Nothing was changed/);
    expect(refused.stderr).toContain("mend the code and `studio deploy` again (nothing is lost)");
    expect(refused.stderr).toContain("`studio rollback --with-down` takes these migrations back");
    expect(await serving(project)).toBe(breaking);
    // The checkout may be any other by then.
    rmSync(join(project.directory, "migrations", "20270101T000002Z-round-2.ts"));
    const taken = (await snapshots()).map(({ id }) => id);
    await succeed(project, ["rollback", "--skip-gate", "--with-down", "--yes"]);
    expect(await serving(project)).toBe(before);
    expect((await schema()).head).toBe(head);
    const fresh = (await snapshots()).filter(({ id }) => !taken.includes(id));
    expect(fresh).toMatchObject([{ schemaHead: expect.stringContaining("round-2") }]);
  }, 300_000);

  test("is never taken back where that cannot be: both ways out are told, and what one of them loses", async () => {
    const before = await serving(project);
    const { head } = await schema();
    const name = "20270101T000003Z-narrow";
    const text = "-- studio: up\nALTER TABLE round_1 DROP COLUMN word;\n";
    project.write(`migrations/${name}.sql`, text);
    await succeed(project, ["deploy", "--skip-gate", "--allow-breaking"]);
    const narrow = await serving(project);
    const fitting = (await snapshots()).findLast(({ schemaHead }) => schemaHead === head);
    for (const more of [[], ["--with-down", "--yes"]]) {
      const refused = await project.studio(["rollback", "--skip-gate", ...more]);
      expect(refused.exitCode, refused.stderr).toBe(4);
      expect(refused.stderr).toContain(`does not know ${name}. Nothing was changed`);
      expect(refused.stderr).toContain("mend the code and `studio deploy` again (nothing is lost)");
      expect(refused.stderr).toContain(
        `\`studio backup restore ${fitting?.id} --database --any-schema\`, then \`studio rollback ${before}\`: what was written since ${fitting?.created} is lost`,
      );
    }
    expect(await serving(project)).toBe(narrow);
    expect((await schema()).head).toBe(name);
  }, 300_000);

  inLongForm(
    "is as it was, with the release of before, where that way out is taken",
    async () => {
      const row = JSON.parse((await succeed(project, ["status", "--json"])).stdout).result;
      const { head } = await schema();
      const before = row.releases.find(({ status }: { status: string }) => status === "former").id;
      const fitting = (await snapshots()).findLast(({ schemaHead }) => schemaHead !== head);
      const restore = ["backup", "restore", String(fitting?.id), "--database", "--any-schema"];
      await succeed(project, [...restore, "--yes"]);
      await succeed(project, ["rollback", before, "--skip-gate"]);
      expect(await serving(project)).toBe(before);
      expect((await schema()).head).toBe(fitting?.schemaHead);
    },
    300_000,
  );
});
