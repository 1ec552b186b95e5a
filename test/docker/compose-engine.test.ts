import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { fronts } from "../support/docker/fronts.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { type OwnEngine, startOwnEngine } from "../support/docker/own-engine.ts";
import { type StackProject, createStackProject } from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";
import { collect } from "../support/studio.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(
  `a Compose stack on an engine that is killed${skipped(missing)}`,
  () => {
    let engine: OwnEngine;
    let project: StackProject;

    beforeAll(async () => {
      engine = await startOwnEngine([testImage("app"), testImage("nginx")]);
      process.env["DOCKER_HOST"] = engine.host;
      project = await createStackProject({ front: fronts.nginx, restart: "unless-stopped" });
      await succeed(project, deploy);
    }, 300_000);

    afterAll(async () => {
      await engine?.remove();
      delete process.env["DOCKER_HOST"];
      if (project !== undefined) rmSync(project.directory, { recursive: true, force: true });
    }, 120_000);

    // As it starts, an engine that was killed ends what went on without it, and Docker 20.10 takes
    // that for the operator's wish: `restart: unless-stopped` brings nothing back.

    inLongForm(
      "has its release again by `up` when the engine runs again",
      async () => {
        const before = await serving(project);
        await engine.kill();
        const failed = await project.studio(deploy);
        expect(failed.exitCode, failed.stderr).toBe(8);
        expect(failed.stderr).toContain("The Docker daemon does not answer");
        await engine.start();
        await succeed(project, ["up"]);
        expect(await serving(project)).toBe(before);
        await succeed(project, deploy);
      },
      300_000,
    );

    inLongForm(
      "is told what is left when the engine is killed amid a deploy, and has its release again",
      async () => {
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
      },
      300_000,
    );
  },
);

const colours = (project: StackProject): string[] =>
  project.running().filter((name) => /-api-(blue|green)-/.test(name));
