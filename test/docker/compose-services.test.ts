import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { awaitServices } from "../../src/deploy/targets/compose/await-services.ts";
import { createDocker } from "../../src/deploy/targets/compose/docker.ts";
import type {
  ServiceDefinition,
  StackConfig,
} from "../../src/deploy/targets/compose/stack-config.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";

const missing = noDocker();

const shell = (script: string, more: ServiceDefinition = {}): ServiceDefinition => ({
  image: testImage("app"),
  init: true,
  command: ["sh", "-c", script],
  ...more,
});

const startingAfter = (name: string): ServiceDefinition => ({
  image: testImage("app"),
  depends_on: { [name]: { condition: "service_completed_successfully" } },
});

describe.skipIf(missing !== null)(`services that a release needs${skipped(missing)}`, () => {
  let folder: string;
  let name: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "studio-services-"));
    name = basename(folder).toLowerCase();
  });

  afterEach(() => {
    spawnSync("docker", ["compose", "-p", name, "down", "-t", "0", "-v", "--remove-orphans"], {
      cwd: folder,
    });
    rmSync(folder, { recursive: true, force: true });
  });

  async function bringUp(services: Record<string, ServiceDefinition>): Promise<void> {
    const config: StackConfig = { name, services };
    writeFileSync(join(folder, "compose.json"), JSON.stringify(config));
    const names = Object.keys(services).filter((one) => one !== "api");
    const up = ["compose", "-f", "compose.json", "up", "-d", "--no-deps", ...names];
    execFileSync("docker", up, { cwd: folder, stdio: "pipe" });
    const docker = createDocker({ cwd: folder, env: process.env });
    const run = { say: () => {}, signal: AbortSignal.timeout(60_000) };
    await awaitServices(docker, run, config, names);
  }

  function stateOf(service: string): string {
    const format = "{{.State.Status}} {{.State.ExitCode}}";
    const argv = ["inspect", "--format", format, `${name}-${service}-1`];
    return execFileSync("docker", argv, { encoding: "utf8" }).trim();
  }

  test("are up when those that are meant to end have ended well, however long it takes", async () => {
    await bringUp({
      api: startingAfter("assets"),
      assets: shell("sleep 3"),
      buckets: shell("true"),
      db: shell("touch /tmp/ready && sleep infinity", {
        healthcheck: { test: "test -e /tmp/ready", interval: "1s" },
      }),
    });
    expect(stateOf("assets")).toBe("exited 0");
    expect(stateOf("db")).toBe("running 0");
  }, 120_000);

  test("are not when one of these fails, and its last words are told", async () => {
    const failed = bringUp({
      api: startingAfter("assets"),
      assets: shell("sleep 2; echo no space for assets; exit 3"),
    });
    await expect(failed).rejects.toMatchObject({
      message: expect.stringContaining("assets ended with exit code 3"),
      details: { log: ["no space for assets"] },
    });
  }, 120_000);

  test("are not when one stays unhealthy, and are not judged by what was run beside them", async () => {
    const healthcheck = { test: "false", interval: "1s", retries: 1 };
    const sick = shell("sleep infinity", { healthcheck });
    await expect(bringUp({ db: sick })).rejects.toMatchObject({
      message: expect.stringContaining("db is unhealthy"),
    });
    const beside = [
      "compose",
      "-f",
      "compose.json",
      "run",
      "--no-deps",
      "db",
      "sh",
      "-c",
      "exit 4",
    ];
    expect(spawnSync("docker", beside, { cwd: folder }).status).toBe(4);
    await bringUp({ db: shell("sleep infinity") });
  }, 120_000);
});
