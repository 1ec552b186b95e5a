import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { stackSettings } from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";
import { type RunResult, collect } from "../support/studio.ts";

const missing = noDocker();

/** With a backup and a load test, as they are by default. */
const whole = ["deploy"];

describe.skipIf(missing !== null)(`a deploy of a Compose stack${skipped(missing)}`, () => {
  const project = deployedStack();

  const gate = (...thresholds: string[]) =>
    `${stackSettings()}  gate: { duration: 300ms, thresholds: ${JSON.stringify(thresholds)} }\n`;

  inLongForm(
    "keeps its release where the next one misses its gate",
    async () => {
      const before = await serving(project);
      project.write("studio.yaml", gate("rate>1000000"));
      const failed = await project.studio([...whole, "--skip-backup"]);
      expect(failed.exitCode, failed.stderr).toBe(5);
      expect(failed.stderr).toContain("missed its gate: rate>1000000");
      expect(await serving(project)).toBe(before);
    },
    120_000,
  );

  inLongForm(
    "keeps its release where a migration fails half-way",
    async () => {
      const before = await serving(project);
      mkdirSync(join(project.directory, "migrations"));
      const name = "migrations/20261122T000000Z-fails.sql";
      project.write(
        name,
        "-- studio: up\nCREATE TABLE half (id int);\nINSERT INTO no_such_table VALUES (1);\n",
      );
      const failed = await project.studio(deploy);
      expect(failed.exitCode, failed.stderr).toBe(5);
      expect(failed.stderr).toContain("fails");
      expect(await serving(project)).toBe(before);
      spawnSync("rm", ["-r", join(project.directory, "migrations")]);
      await succeed(project, ["status"]);
    },
    120_000,
  );

  inLongForm(
    "excludes a second one",
    async () => {
      project.configure({ BOOT_MS: "5000" });
      const first = collect(project.start(deploy));
      while (project.running().length < 4) await sleep(50);
      const second = await project.studio(deploy);
      expect(second.exitCode, second.stderr).toBe(7);
      expect(second.stderr).toContain('doing "deploy"');
      expect((await first).exitCode).toBe(0);
      project.configure({});
    },
    120_000,
  );

  test("leaves a secret of the application in the files that Compose is given, and nowhere else", async () => {
    const secret = "planted-Zq8-correct-horse";
    project.configure({ API_TOKEN: secret });
    project.write("studio.yaml", gate("errors<1%"));
    const seen: string[] = [];
    const ending = collect(project.start([...whole, "--verbose"]));
    let isOver = false;
    void ending.then(() => (isOver = true));
    while (!isOver) {
      seen.push(spawnSync("ps", ["-eo", "args", "ww"], { encoding: "utf8" }).stdout);
      await sleep(200);
    }
    const { exitCode, stdout, stderr } = await ending;
    expect(exitCode, stderr).toBe(0);
    for (const text of [stdout, stderr, ...seen]) expect(text).not.toContain(secret);
    const state = join(project.directory, ".studio");
    expect(existsSync(join(state, "backups", "snapshots"))).toBe(true);
    const found = spawnSync("grep", ["-rlaF", secret, state], { encoding: "utf8" }).stdout;
    const others = found.split("\n").filter((file) => !/\/compose-(blue|green)\.json$/.test(file));
    expect(others).toEqual([""]);
  }, 180_000);

  test("is refused, in the plan too, where its Compose project is another environment's", async () => {
    const before = project.running();
    const staging = "environments:\n  staging: { target: compose }\n";
    project.write("studio.yaml", stackSettings().replace("environments:\n", staging));
    const plan = [...deploy, "--dry-run"];
    for (const argv of [deploy, plan]) {
      await expectTaken(await project.studio([...argv, "--json"], { STUDIO_ENV: "staging" }));
    }
    project.write("studio.yaml", stackSettings());
    const other = mkdtempSync(join(tmpdir(), "studio-other-"));
    const isWritten = (path: string) => !path.includes("/.studio");
    cpSync(project.directory, other, { recursive: true, filter: isWritten });
    for (const argv of [deploy, plan]) {
      await expectTaken(
        await project.studio(["--config", join(other, "studio.yaml"), ...argv, "--json"]),
      );
    }
    rmSync(other, { recursive: true });
    expect(project.running()).toEqual(before);
    await succeed(project, ["status"]);
  }, 120_000);

  async function expectTaken({ exitCode, stdout, stderr }: RunResult): Promise<void> {
    expect(exitCode, stderr).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe("compose.projectTaken");
    const owner = `the environment "production" of ${project.directory}`;
    expect(error.message).toContain(`project "${project.stack}" is that of ${owner}`);
    expect(error.hint).toContain("COMPOSE_PROJECT_NAME");
  }

  test("removes the releases that are no longer kept, and nothing of anybody else", async () => {
    const { stack } = project;
    const first = String(await serving(project));
    const image = testImage("app");
    const own = `studio/${stack}/api:left-behind`;
    const foreign = [`studio/${stack}-eu/api:1`, `${stack}/api:1`];
    for (const tag of [own, ...foreign]) docker("tag", image, tag);
    const container = docker("create", image);
    try {
      for (let count = 0; count < 2; count += 1) await succeed(project, deploy);
      expect(readdirSync(join(project.directory, ".studio", "releases"))).not.toContain(first);
      expect(project.containersOf(first)).toEqual([]);
      const tags = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split("\n");
      expect(tags).toEqual(expect.arrayContaining(foreign));
      expect(tags).not.toContain(own);
      expect(docker("ps", "-aq", "--no-trunc")).toContain(container);
    } finally {
      docker("rm", container);
      docker("image", "rm", ...foreign);
    }
  }, 300_000);
});

const docker = (...argv: string[]): string =>
  execFileSync("docker", argv, { encoding: "utf8" }).trim();
