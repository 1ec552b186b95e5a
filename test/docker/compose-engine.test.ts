import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { type OwnEngine, startOwnEngine } from "../support/docker/own-engine.ts";
import {
  type StackOptions,
  type StackProject,
  createStackProject,
} from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";
import { collect } from "../support/studio.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`an engine that is killed${skipped(missing)}`, () => {
  let engine: OwnEngine;

  beforeAll(async () => {
    engine = await startOwnEngine([testImage("app"), testImage("nginx")]);
    process.env["DOCKER_HOST"] = engine.host;
  }, 300_000);

  afterAll(async () => {
    await engine?.remove();
    delete process.env["DOCKER_HOST"];
  }, 120_000);

  async function inStack(
    options: StackOptions,
    use: (project: StackProject) => Promise<void>,
  ): Promise<void> {
    const project = await createStackProject(options);
    try {
      await succeed(project, deploy);
      await use(project);
    } finally {
      await project.remove();
    }
  }

  const serves = (project: StackProject, release: string | null) =>
    until(
      `release ${release} serves`,
      async () => (await serving(project).catch(() => null)) === release,
      60_000,
    );

  inLongForm(
    "brings the release that served back by itself, and not the one before",
    async () => {
      await inStack({ restart: "always" }, async (project) => {
        await succeed(project, deploy);
        const release = await serving(project);
        await engine.kill();
        await engine.start();
        await serves(project, release);
        expect(colours(project)).toHaveLength(1);
        const isWell = async () => (await project.studio(["status"])).exitCode === 0;
        await until("status finds nothing wrong", isWell, 60_000);
      });
    },
    300_000,
  );

  // As it starts, an engine that was killed ends what went on without it, and Docker takes that
  // for the operator's wish: `restart: unless-stopped` brings nothing back.

  inLongForm(
    "leaves down what is to be there unless it was stopped, which `status` and `doctor` tell",
    async () => {
      await inStack({ restart: "unless-stopped" }, async (project) => {
        const before = await serving(project);
        await engine.kill();
        const failed = await project.studio(deploy);
        expect(failed.exitCode, failed.stderr).toBe(8);
        expect(failed.stderr).toContain("The Docker daemon does not answer");
        await engine.start();
        const status = await project.studio(["status", "--json"]);
        expect(status.exitCode, status.stderr).toBe(4);
        expect(JSON.parse(status.stdout)).toMatchObject({
          result: { serving: { release: before, state: "not running" } },
          error: { hint: "studio up" },
        });
        const { stdout } = await project.studio(["doctor"]);
        expect(stdout).toContain("api stays down where the engine was killed");
        await succeed(project, ["up"]);
        expect(await serving(project)).toBe(before);
        await succeed(project, deploy);
      });
    },
    300_000,
  );

  inLongForm(
    "amid a deploy has the operator told what is left, and the release of before again",
    async () => {
      await inStack({ restart: "unless-stopped" }, async (project) => {
        const before = await serving(project);
        project.configure({ BOOT_MS: "5000" });
        const ending = collect(project.start(deploy));
        while (colours(project).length < 2) await sleep(50);
        await engine.kill();
        const failed = await ending;
        expect(failed.exitCode, failed.stderr).toBe(6);
        expect(failed.stderr).toContain("studio abort");
        await engine.start();
        project.configure({});
        await succeed(project, ["abort"]);
        await succeed(project, ["up"]);
        expect(await serving(project)).toBe(before);
        expect(colours(project)).toHaveLength(1);
      });
    },
    300_000,
  );
});

const colours = (project: StackProject): string[] =>
  project.running().filter((name) => /-api-(blue|green)-/.test(name));
