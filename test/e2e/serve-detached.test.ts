import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { DaemonReport } from "../../src/deploy/detached-daemon.ts";
import { until } from "../support/processes.ts";
import { serverProcesses } from "../support/project-state.ts";
import { askJson, startUpPatience } from "../support/serve.ts";
import { type TestProject, createProject, freePort } from "../support/studio.ts";

const projects: TestProject[] = [];

afterEach(async () => {
  for (const project of projects.splice(0)) {
    await project.studio(["down", "--detached"]);
    await project.remove();
    rmSync(project.directory, { recursive: true, force: true });
  }
}, 120_000);

async function emptyFolder(settings = ""): Promise<TestProject> {
  const project = await createProject(settings);
  projects.push(project);
  return project;
}

/** What studio says as one document. */
async function say(project: TestProject, ...argv: string[]) {
  const { stdout, exitCode, stderr } = await project.studio([...argv, "--json"]);
  const document = JSON.parse(stdout) as { result: unknown; error: { code: string; hint: string } };
  return { ...document, exitCode, stderr };
}

async function detach(project: TestProject, ...argv: string[]): Promise<DaemonReport> {
  const { result, exitCode, stderr } = await say(project, "serve", "--detach", ...argv);
  expect(exitCode, stderr).toBe(0);
  return result as DaemonReport;
}

async function daemonOf(project: TestProject): Promise<DaemonReport | null> {
  const { result } = await say(project, "status");
  return (result as { daemon: DaemonReport | null }).daemon;
}

async function isReady(url: string): Promise<boolean> {
  const options = { headers: { connection: "close" }, signal: AbortSignal.timeout(1000) };
  return fetch(`${url}/health/ready`, options).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe("a daemon in the background", () => {
  test("serves an empty folder once the command has ended, is looked at, and is taken down", async () => {
    const project = await emptyFolder();
    const daemon = await detach(project);
    expect(await isReady(project.url)).toBe(true);
    expect(daemon).toMatchObject({ state: "serving", url: project.url, restarts: 0 });
    expect(serverProcesses(project.directory).map(({ pid }) => pid)).toContain(daemon.pid);
    expect(await daemonOf(project)).toMatchObject({ daemon: daemon.daemon, pid: daemon.pid });
    for (const task of ["statistics", "language", "none"]) {
      await askJson(`${project.url}/api/v1/text/process`, "POST", { task, text: "a" });
    }
    expect((await daemonOf(project))?.day).toMatchObject({ requests: 3, errors: 0 });
    const told = await project.studio(["status"]);
    expect(told.stdout).toMatch(/last 24 hours\s+3 requests, 0 errors, average .* ms, p50 .*, p95/);
    const { stdout } = await project.studio(["logs"]);
    expect(stdout).toContain('"message":"daemon started"');
    const second = await say(project, "serve", "--detach", "--port", String(await freePort()));
    expect([second.exitCode, second.error.code]).toEqual([2, "daemon.running"]);
    expect(second.error.hint).toContain("studio down --detached");
    expect((await say(project, "down")).exitCode).toBe(0);
    expect(await isReady(project.url)).toBe(false);
    expect(serverProcesses(project.directory)).toEqual([]);
    expect(await daemonOf(project)).toBeNull();
    const none = await say(project, "down", "--detached");
    expect([none.exitCode, none.error.hint]).toEqual([2, expect.stringContaining("--detach")]);
  }, 180_000);

  test("is started again when it is killed, which status says", async () => {
    const project = await emptyFolder();
    const { pid } = await detach(project);
    process.kill(pid ?? 0, "SIGKILL");
    const looked = await say(project, "status");
    const seen = (looked.result as { daemon: DaemonReport }).daemon;
    expect(seen.pid).not.toBe(pid);
    expect(looked.exitCode).toBe(seen.state === "serving" ? 0 : 4);
    await until("it serves", () => isReady(project.url), startUpPatience);
    expect(await daemonOf(project)).toMatchObject({ state: "serving", restarts: 1 });
  }, 180_000);

  test("is told to be gone when all of it was killed, and can be started anew", async () => {
    const project = await emptyFolder();
    const before = await detach(project);
    // The supervisor first, or it would start what is killed before it.
    const all = serverProcesses(project.directory).toSorted(
      (a, b) => Number(b.line.includes("__supervise")) - Number(a.line.includes("__supervise")),
    );
    for (const { pid } of all) process.kill(pid, "SIGKILL");
    const { exitCode, error, result } = await say(project, "status");
    expect([exitCode, error.code]).toEqual([4, "status.problem"]);
    expect(result).toMatchObject({ daemon: { state: "not running", pid: null } });
    expect(error.hint).toContain("studio serve --detach");
    const after = await detach(project);
    expect(after.daemon).not.toBe(before.daemon);
    expect(serverProcesses(project.directory)).toHaveLength(2);
  }, 180_000);

  test("has the settings that were typed, also after it was killed", async () => {
    const project = await emptyFolder();
    const port = await freePort();
    const { url, pid } = await detach(project, "--port", String(port), "--host", "127.0.0.1");
    expect(url).toBe(`http://127.0.0.1:${port}`);
    process.kill(pid ?? 0, "SIGKILL");
    await until("it serves", () => isReady(url), startUpPatience);
  }, 180_000);
});

describe("a daemon that cannot be started in the background", () => {
  test("leaves nothing where its address is taken", async () => {
    const project = await emptyFolder();
    const other = createServer().listen(project.port, "127.0.0.1");
    const { exitCode, error } = await say(project, "serve", "--detach");
    other.close();
    expect([exitCode, error.code]).toEqual([8, "port.taken"]);
    expect(serverProcesses(project.directory)).toEqual([]);
    expect(await daemonOf(project)).toBeNull();
  }, 60_000);

  test("is ended again where it is not ready in time", async () => {
    const project = await emptyFolder("name: test\ndeploy: { health: { timeout: 1ms } }\n");
    const { exitCode, error } = await say(project, "serve", "--detach");
    expect([exitCode, error.code], JSON.stringify(error)).toEqual([5, "operation.undone"]);
    expect(serverProcesses(project.directory)).toEqual([]);
    expect(await daemonOf(project)).toBeNull();
  }, 120_000);

  test("is undone by abort when studio itself was killed meanwhile", async () => {
    const project = await emptyFolder();
    const killed = await project.studio(["serve", "--detach"], {
      STUDIO_FAULT: "kill:start/spawn:after",
    });
    expect(killed.signal, killed.stderr).toBe("SIGKILL");
    expect((await say(project, "serve", "--detach")).exitCode).toBe(7);
    expect((await say(project, "abort")).exitCode).toBe(0);
    expect(serverProcesses(project.directory)).toEqual([]);
    expect(await daemonOf(project)).toBeNull();
  }, 120_000);
});

describe("a daemon in the background beside a deployed release", () => {
  test("is meant by `--detached` alone", async () => {
    const project = await emptyFolder(
      "name: test\ndeploy: { gate: { duration: 300ms }, drain: 2s }\n",
    );
    const deployed = await say(project, "deploy");
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    const { url, daemon } = await detach(project, "--port", String(await freePort()));
    const logs = await project.studio(["logs", "--lines", "1000"]);
    expect(logs.stdout).not.toContain('"release":"unreleased"');
    const own = await project.studio(["logs", "--detached", "--lines", "1000"]);
    expect(own.stdout).toContain('"release":"unreleased"');
    expect((await say(project, "down")).exitCode).toBe(0);
    expect([await isReady(project.url), await isReady(url)]).toEqual([false, true]);
    expect((await say(project, "up")).exitCode).toBe(0);
    expect(await say(project, "down", "--detached")).toMatchObject({ result: { daemon, url } });
    expect([await isReady(project.url), await isReady(url)]).toEqual([true, false]);
  }, 240_000);
});
