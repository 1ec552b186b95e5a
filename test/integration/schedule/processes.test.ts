import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { collect, createProject } from "../../support/studio.ts";

const settings = `
name: shop
schedule:
  jobs:
    slow: { cron: "0 2 * * *", shell: "echo $$ >>began; exec sleep 300", overlap: replace }
    quick: { cron: "0 2 * * *", shell: "true" }
`;

test("a run is replaced by the next, and one whose process is killed is lost with its program", async () => {
  const project = await createProject(settings);
  onTestFinished(() => project.remove());
  const began = async (count: number) => {
    const file = join(project.directory, "began");
    for (let tries = 0; tries < 1200; tries += 1) {
      const pids = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
      if (pids.length >= count) return pids.map(Number);
      await sleep(50);
    }
    throw new Error("the job does not begin");
  };
  const first = collect(project.start(["schedule", "run", "slow"]));
  await began(1);
  const second = project.start(["schedule", "run", "slow"]);
  const secondEnd = collect(second);
  const pids = await began(2);
  expect((await first).exitCode).not.toBe(0);
  second.kill("SIGKILL");
  await secondEnd;
  expect((await project.studio(["schedule", "run", "quick"])).exitCode).toBe(0);
  const { stdout } = await project.studio(["schedule", "history", "--json"]);
  const { result } = JSON.parse(stdout) as { result: { job: string; standing: string }[] };
  expect(result.map(({ job, standing }) => `${job} ${standing}`)).toEqual([
    "quick succeeded",
    "slow lost",
    "slow replaced",
  ]);
  expect(pids.filter(isRunning)).toEqual([]);
}, 300_000);

/** One that has ended may wait for whoever is to take note of it (proc_pid_stat(5)). */
function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/^.*\) Z /.test(readFileSync(file, "utf8"));
}
