import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { type HistoryRun, jobHistory } from "../../../src/schedule/history.ts";
import { statePaths } from "../../../src/state.ts";
import { falseClock, findFalseClock } from "../../support/false-clock.ts";
import { until } from "../../support/processes.ts";
import { collect, createProject } from "../../support/studio.ts";

const library = findFalseClock();
const minute = 60_000;
const hour = 60 * minute;

/** Milliseconds within which what was missed is to be run. */
const promise = 5000;

const settings = (cron: string, shell: string) => `
name: shop
schedule:
  jobs: { models: null, database: null, full: null, cleanup: null, drill: null, own: { cron: "${cron}", shell: "${shell}" } }
`;

const historyOf = (directory: string): HistoryRun[] =>
  jobHistory({ environment: "local", paths: statePaths(directory, "local"), jobs: [] }, null, 100);

/** A project whose clock shows half past one. */
async function machine(cron: string) {
  const project = await createProject(settings(cron, "true"));
  const begins = new Date("2026-11-22T01:30:00Z");
  const clock = falseClock(library ?? "", join(project.directory, "clock"), begins);
  onTestFinished(() => project.remove());
  const studio = (words: string, env: Record<string, string> = {}) =>
    project.studio(words.split(" "), { ...clock.env, ...env });
  const history = () => historyOf(project.directory);
  const ended = async (standing: string) => {
    const isThere = () => history().some((run) => run.standing === standing);
    await until(`a run ${standing}`, isThere, 60_000);
    return history();
  };
  const startDaemon = async () => {
    const child = project.start(["schedule", "daemon"], clock.env);
    let output = "";
    child.stdout?.on("data", (chunk) => (output += String(chunk)));
    onTestFinished(() => void child.kill("SIGKILL"));
    await until("the daemon began", () => output.includes('"armed"'), 60_000);
    return { child, output: () => output };
  };
  return { project, clock, studio, history, ended, startDaemon };
}

describe.skipIf(library === null)("a daemon whose clock", () => {
  test("jumps over a firing makes one run at once, and it is known how late", async () => {
    const { clock, history, ended, startDaemon } = await machine("0 * * * *");
    const { child, output } = await startDaemon();
    clock.jump(35 * minute);
    const jumped = clock.now();
    const [run, ...others] = await ended("succeeded");
    expect(others).toEqual([]);
    expect(run).toMatchObject({ trigger: "daemon", dueAt: "2026-11-22T02:00:00.000Z" });
    expect(Date.parse(run?.startedAt ?? "") - jumped).toBeLessThan(promise);
    expect(run?.late).toBeGreaterThan(5 * minute);
    expect(output()).toContain('"late"');
    await sleep(3000);
    expect(history()).toHaveLength(1);
    child.kill("SIGTERM");
    await collect(child);
  }, 300_000);

  test("went on while it was suspended makes one run, and tells what was missed", async () => {
    const { clock, history, ended, startDaemon } = await machine("0 * * * *");
    const { child } = await startDaemon();
    child.kill("SIGSTOP");
    clock.jump(3 * hour);
    await sleep(3000);
    expect(history()).toEqual([]);
    const woken = clock.now();
    child.kill("SIGCONT");
    await ended("succeeded");
    await sleep(3000);
    const runs = history();
    const shown = runs.map(({ standing, dueAt, firings }) => [standing, dueAt, firings]);
    expect(shown.toReversed()).toEqual([
      ["missed", "2026-11-22T03:00:00.000Z", 2],
      ["succeeded", "2026-11-22T04:00:00.000Z", 1],
    ]);
    const run = runs.find(({ standing }) => standing === "succeeded");
    expect(Date.parse(run?.startedAt ?? "") - woken).toBeLessThan(promise);
    expect(run?.late).toBeGreaterThan(5 * minute);
    child.kill("SIGTERM");
    await collect(child);
  }, 300_000);
});

test.skipIf(library === null)(
  "what was due while the machine was off is run by cron's lines when it is on again, once",
  async () => {
    const { project, clock, studio, history } = await machine("0 2 * * *");
    const table = join(project.directory, "table");
    const crontab = `#!/bin/sh
if [ "$1" = - ]; then cat >'${table}'; exit; fi
cat '${table}' 2>/dev/null || { echo 'no crontab for ada' >&2; exit 1; }
`;
    writeFileSync(join(project.directory, "crontab"), crontab, { mode: 0o755 });
    const PATH = `${project.directory}:${project.env["PATH"]}`;
    const installed = await studio("schedule install", { PATH });
    expect(installed, installed.stderr).toMatchObject({ exitCode: 0 });
    const boot = `sed -n 's/^@reboot //p' '${table}' | sh`;
    const switchOn = () =>
      promisify(execFile)("sh", ["-c", boot], { env: { ...project.env, ...clock.env } });
    await switchOn();
    expect(history()).toEqual([]);
    clock.jump(5 * hour);
    await switchOn();
    await switchOn();
    const [run, ...others] = history();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ trigger: "crontab", standing: "succeeded" });
    expect(run?.late).toBeGreaterThan(4 * hour);
  },
  300_000,
);

test("the lock of a run that was killed is free within seconds, and what it left is ended", async () => {
  const shell = "test -e second || exec sleep 300";
  const project = await createProject(settings("0 2 * * *", shell));
  onTestFinished(() => project.remove());
  const history = () => historyOf(project.directory);
  const first = project.start(["schedule", "run", "own"]);
  const end = collect(first);
  const runs = () => history()[0]?.standing === "running";
  await until("the first run goes on", runs, 60_000);
  first.kill("SIGKILL");
  await end;
  project.write("second", "");
  const asked = Date.now();
  expect(await project.studio(["schedule", "run", "own"])).toMatchObject({ exitCode: 0 });
  const both = history();
  expect(both.map(({ standing }) => standing)).toEqual(["succeeded", "lost"]);
  expect(Date.parse(both[0]?.startedAt ?? "") - asked).toBeLessThan(promise);
}, 300_000);
