import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type StackProject, createStackProject } from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";
import { collect } from "../support/studio.ts";

const missing =
  noDocker() ?? (process.getuid?.() === 0 ? null : "only root can mount a small disk");

describe.skipIf(missing !== null)(
  `a Compose stack on a disk that fills up${skipped(missing)}`,
  () => {
    let project: StackProject;
    let state: string;

    beforeAll(async () => {
      project = await createStackProject();
      state = join(project.directory, ".studio");
      mkdirSync(state, { mode: 0o700 });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=300m,mode=0700", "none", state]);
      await succeed(project, deploy);
    }, 300_000);

    afterAll(async () => {
      spawnSync("umount", ["-l", state]);
      await project?.remove();
    }, 60_000);

    const filler = () => join(state, "filler");

    /**
     * Takes all that is left, and what becomes free again: the reserve too. It ends with the disk: on
     * the folder below it, whatever that lies on would be filled.
     */
    function keepFull(): ChildProcess {
      const take = `dd if=/dev/zero of=${filler()} bs=4k count=80000 oflag=append conv=notrunc 2>/dev/null`;
      const loop = `while mountpoint -q ${state}; do ${take}; sleep 0.02; done`;
      return spawn("sh", ["-c", loop], { stdio: "ignore" });
    }

    inLongForm(
      "keeps its release, says why, and is deployed once there is room",
      async () => {
        const before = await serving(project);
        project.configure({ BOOT_MS: "5000" });
        const ending = collect(project.start(deploy));
        while (colours(project) < 2) await sleep(50);
        const filling = keepFull();
        const failed = await ending;
        expect([5, 6], failed.stderr).toContain(failed.exitCode);
        expect(failed.stderr).toMatch(/no space left|disk is full/i);
        expect(await serving(project)).toBe(before);
        // Looking works without any room; what would write is refused before it begins.
        const status = await project.studio(["status"]);
        expect(status.stdout, status.stderr).toContain(before);
        const refused = await project.studio(deploy);
        expect([7, 8], refused.stderr).toContain(refused.exitCode);
        filling.kill();
        await once(filling, "exit");
        rmSync(filler());
        if (failed.exitCode === 6) await succeed(project, ["abort"]);
        expect(await serving(project)).toBe(before);
        expect(colours(project)).toBe(1);
        project.configure({});
        await succeed(project, deploy);
        expect(await serving(project)).not.toBe(before);
      },
      300_000,
    );
  },
);

const colours = (project: StackProject): number =>
  project.running().filter((name) => /-api-(blue|green)-/.test(name)).length;
