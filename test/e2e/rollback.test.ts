import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLoad } from "../support/load.ts";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createProject();
  mkdirSync(join(project.directory, "migrations"));
  await deploy();
  await deploy();
}, 180_000);

afterAll(() => project.remove(), 180_000);

interface Release {
  id: string;
  status: string;
}

async function deploy(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await project.studio(["deploy", ...argv]);
  expect(exitCode, stderr).toBe(0);
}

async function status() {
  const { stdout } = await project.studio(["status", "--json"]);
  return JSON.parse(stdout).result as {
    serving: { release: string; state: string };
    releases: Release[];
    schema: { head: string | null; pending: string[] };
  };
}

async function former(): Promise<string> {
  const found = (await status()).releases.find((one) => one.status === "former");
  return found?.id ?? "";
}

async function rollback(...argv: string[]) {
  const result = await project.studio(["rollback", "--json", ...argv]);
  return {
    ...result,
    document: JSON.parse(result.stdout) as { error: { hint: string; code: string } },
  };
}

function migration(name: string, body: string): void {
  project.write(`migrations/${name}.ts`, body);
}

describe("a rollback", () => {
  test("returns to the release before under load, and no request fails", async () => {
    const before = await former();
    const load = startLoad(project.url, 4);
    const { exitCode, stderr } = await rollback();
    const { failures, releases } = await load.stop();
    expect(exitCode, stderr).toBe(0);
    expect(failures).toEqual([]);
    expect(releases).toContain(before);
    expect((await status()).serving).toMatchObject({ release: before, state: "serving" });
  }, 180_000);

  test("prints its plan with --dry-run and changes nothing", async () => {
    const { serving } = await status();
    const { exitCode, stdout } = await project.studio(["rollback", "--dry-run"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(await former());
    expect((await status()).serving).toMatchObject({ release: serving.release });
  });

  test("runs on a schema whose newer migration says that earlier releases can live with it", async () => {
    migration(
      "20261201T000000Z-add-notes",
      `export const compatible = true;
       export async function up(knex) { await knex.schema.createTable("notes", (t) => t.text("body")); }
       export async function down(knex) { await knex.schema.dropTable("notes"); }`,
    );
    await deploy();
    const back = await rollback();
    expect(back.exitCode, back.stderr).toBe(0);
    expect((await status()).schema.head).toBe("20261201T000000Z-add-notes");
  }, 180_000);

  test("refuses, with both ways out, where the schema has gone too far", async () => {
    await deploy();
    migration(
      "20261202T000000Z-rename-body",
      `export async function up(knex) { await knex.schema.alterTable("notes", (t) => t.renameColumn("body", "words")); }
       export async function down(knex) { await knex.schema.alterTable("notes", (t) => t.renameColumn("words", "body")); }`,
    );
    await deploy("--allow-breaking");
    const { serving } = await status();
    const refused = await rollback();
    expect(refused.exitCode).toBe(4);
    expect(refused.document.error.code).toBe("rollback.unsafe");
    expect(refused.document.error.hint).toContain("studio deploy");
    expect(refused.document.error.hint).toContain("studio rollback --with-down");
    expect((await status()).serving.release).toBe(serving.release);
  }, 180_000);

  test("takes the schema down when it is told to", async () => {
    const before = await former();
    const back = await rollback("--with-down", "--yes");
    expect(back.exitCode, back.stderr).toBe(0);
    const { serving, schema } = await status();
    expect(serving.release).toBe(before);
    expect(schema.head).toBe("20261201T000000Z-add-notes");
    rmSync(join(project.directory, "migrations", "20261202T000000Z-rename-body.ts"));
  }, 180_000);

  test("runs the settings of its release, whatever studio.yaml says now", async () => {
    project.write("studio.yaml", `${quickSettings}serve: { limits: { text: 5 } }\n`);
    expect((await project.studio(["deploy", "--skip-gate"])).exitCode).toBe(0);
    const ask = () =>
      fetch(`${project.url}/api/v1/text/process`, {
        method: "POST",
        headers: { "content-type": "application/json", connection: "close" },
        body: JSON.stringify({ text: "Where does this come from?", task: "language" }),
      });
    expect((await ask()).status).not.toBe(200);
    expect((await rollback()).exitCode).toBe(0);
    expect((await ask()).status).toBe(200);
    project.write("studio.yaml", quickSettings);
  }, 180_000);

  test("does not run kept code that was changed, and says so with exit code 8", async () => {
    const folder = await codeOf(await former());
    const file = join(folder, "package.json");
    const content = readFileSync(file, "utf8");
    const { serving } = await status();
    // Kept files are links to shared contents: replaced, as an editor does it.
    renameSync(file, `${file}.original`);
    project.write(file.slice(project.directory.length + 1), `${content}\n`);
    const back = await rollback();
    rmSync(file);
    renameSync(`${file}.original`, file);
    expect(back.exitCode, back.stderr).toBe(8);
    expect(back.document.error.code).toBe("release.damaged");
    expect((await status()).serving.release).toBe(serving.release);
  }, 180_000);

  test("says with exit code 8 how to bring code back that is gone", async () => {
    const releases = join(project.directory, ".studio", "releases");
    renameSync(join(releases, "code"), join(releases, "code.away"));
    const back = await rollback();
    renameSync(join(releases, "code.away"), join(releases, "code"));
    expect(back.exitCode).toBe(8);
    expect(back.document.error.hint).toContain("npm install -g @selfhosted-ai/studio@");
  }, 180_000);
});

/** The folder with the code of a release. */
async function codeOf(release: string): Promise<string> {
  const releases = join(project.directory, ".studio", "releases");
  const record = JSON.parse(readFileSync(join(releases, release, "release.json"), "utf8")) as {
    code: { digest: string };
  };
  const folder = join(releases, "code", record.code.digest);
  expect(readdirSync(folder)).toContain("package.json");
  chmodSync(folder, 0o700);
  return folder;
}
