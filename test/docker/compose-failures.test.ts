import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSignedCertificate } from "../../src/initialise/self-signed-certificate.ts";
import { changeService, variantOfImage } from "../support/docker/change-stack.ts";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { releaseRecord } from "../support/docker/release-record.ts";
import {
  type StackProject,
  createStackProject,
  stackSettings,
  writeCertificate,
} from "../support/docker/stack-project.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";
import { collect } from "../support/studio.ts";

const missing = noDocker();

/** The fingerprint of the certificate that is presented on a port of this machine. */
async function shownCertificate(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

describe.skipIf(missing !== null)(`a Compose stack that fails${skipped(missing)}`, () => {
  const project = deployedStack({ tls: true });

  test("keeps its release where the next one's registry cannot be reached", async () => {
    const before = await serving(project);
    const restore = changeService(project, "api", { image: "127.0.0.1:1/app:2" });
    const failed = await project.studio(deploy);
    restore();
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("The image of api could not be pulled");
    expect(failed.stderr).toContain("connection refused");
    expect(await serving(project)).toBe(before);
  }, 120_000);

  test("tells of a certificate before clients refuse it, and of one that the proxy has not read", async () => {
    /** nginx answers its signal at once, and does so with what it has read a moment later. */
    const reload = async (): Promise<void> => {
      const file = readFileSync(join(project.directory, "certificates", "fullchain.pem"));
      await succeed(project, ["exec", "--service", "proxy", "--", ...nginxReload]);
      const isRead = async () =>
        (await shownCertificate(project.tlsPort)) === new X509Certificate(file).fingerprint256;
      await until("the proxy shows the certificate in the file", isRead);
    };
    const day = 86_400_000;
    const ending = new Date(Date.now() - 85 * day);
    writeCertificate(project.directory, selfSignedCertificate("localhost", ending, 90));
    await reload();
    const place = `127.0.0.1:${project.tlsPort}`;
    const soon = JSON.parse((await succeed(project, ["status", "--json"])).stdout).result.serving;
    const inDays = { names: ["localhost"], problem: "expires in 3 days", urgent: true };
    const file = join(project.directory, "certificates", "fullchain.pem");
    expect(soon.certificates).toMatchObject([
      { place, met: true, ...inDays },
      { place: file, met: false, ...inDays },
    ]);
    expect((await succeed(project, ["status"])).stdout).toContain(`${place} expires in 3 days.`);
    const { stdout } = await project.studio(["doctor"]);
    expect(stdout).toContain(`Certificates hold for weeks: ${place} expires in 3 days`);

    writeCertificate(project.directory, selfSignedCertificate("localhost", ending, 60));
    await reload();
    writeCertificate(project.directory, selfSignedCertificate("localhost", new Date()));
    const expired = await project.studio(["status"]);
    expect(expired.exitCode, expired.stderr).toBe(4);
    expect(expired.stderr).toMatch(/certificate of \S+ expired on \S+: clients refuse it/);
    const advice = await project.studio(["doctor"]);
    expect(advice.exitCode).toBe(4);
    expect(advice.stdout).toContain("A newer one lies in the file");
    await reload();
    await succeed(project, ["status"]);
  }, 120_000);

  test("is not deployed with a secret that everybody knows, whatever way it comes", async () => {
    const before = await serving(project);
    const refuse = async (change: object, place: string, env: Record<string, string> = {}) => {
      const restore = changeService(project, "api", change);
      const refused = await project.studio(deploy, env);
      restore();
      expect(refused.stderr).toContain(`a value that everybody knows: ${place}.`);
      expect(await serving(project)).toBe(before);
      return refused.exitCode;
    };
    const assumed = { environment: { JWT_SECRET: "${NOT_SET:-changeme}" } };
    expect(await refuse(assumed, "api.JWT_SECRET")).toBe(2);
    const passedOn = { environment: ["JWT_SECRET"] };
    expect(await refuse(passedOn, "api.JWT_SECRET", { JWT_SECRET: "Password2024!" })).toBe(2);
    project.write("some.env", "DATABASE=postgres://a:changeme@one:1,two:2/a\n");
    expect(await refuse({ env_file: ["some.env"] }, "api.DATABASE")).toBe(2);
    // What an image brings along is known once it is here; nothing was stopped by then.
    const image = variantOfImage(project, "ENV JWT_SECRET=changeme");
    expect(await refuse({ image }, "api.image.JWT_SECRET")).toBe(5);
  }, 120_000);

  test("is not rolled back to a release whose image has vanished", async () => {
    const former = await serving(project);
    const restore = changeService(project, "api", { image: variantOfImage(project) });
    await succeed(project, deploy);
    const before = await serving(project);
    removeImagesOf(project, String(former));
    const failed = await project.studio(rollback);
    restore();
    expect(failed.exitCode, failed.stderr).toBe(8);
    expect(failed.stderr).toContain("is no longer here");
    expect(failed.stderr).toContain("Nothing was changed");
    expect(await serving(project)).toBe(before);
  }, 300_000);

  inLongForm(
    "keeps its release on a disk that is full, and is deployed once there is room",
    async () => {
      const before = await serving(project);
      const points = ["prepare/folder:before", "prepare/files:before", "switch/include:before"];
      for (const point of points) {
        const failed = await project.studio(deploy, { STUDIO_FAULT: `fail:${point}` });
        expect(failed.exitCode, `${point}: ${failed.stderr}`).toBe(5);
        expect(failed.stderr).toContain("no space left");
        expect(await serving(project), point).toBe(before);
      }
      await succeed(project, deploy);
      expect(await serving(project)).not.toBe(before);
    },
    300_000,
  );

  test("says that its proxy alone is dead, and serves again with the command that it names", async () => {
    const before = await serving(project);
    execFileSync("docker", ["kill", proxyOf(project)]);
    const status = await project.studio(["status", "--json"]);
    expect(status.exitCode, status.stderr).toBe(4);
    const { result, error } = JSON.parse(status.stdout);
    expect(result.serving).toMatchObject({ release: before, state: "not reached" });
    expect(result.serving.problems).toEqual([
      {
        service: "proxy",
        message: `proxy does not run (exited 137): nobody reaches release ${before} on ${project.url}.`,
        next: "studio up",
      },
    ]);
    expect(error).toMatchObject({ code: "status.problem", hint: "studio up" });
    await succeed(project, ["up"]);
    expect(await serving(project)).toBe(before);
    await succeed(project, ["status"]);
  }, 300_000);

  inLongForm(
    "is deployed although its proxy is dead",
    async () => {
      execFileSync("docker", ["kill", proxyOf(project)]);
      const { stdout } = await succeed(project, [...deploy, "--json"]);
      expect(await serving(project)).toBe(JSON.parse(stdout).result.release);
    },
    300_000,
  );

  test("has its proxy and its release again where that is killed in the middle", async () => {
    const before = await serving(project);
    project.configure({ BOOT_MS: "2500" });
    const child = project.start(deploy);
    const ending = collect(child);
    while (colours(project).length < 2) await sleep(50);
    execFileSync("docker", ["kill", proxyOf(project)]);
    const failed = await ending;
    project.configure({});
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("but nobody answers");
    expect(await serving(project)).toBe(before);
  }, 300_000);
});

describe.skipIf(missing !== null)(`a stack that somebody else started${skipped(missing)}`, () => {
  let project: StackProject;

  beforeAll(async () => {
    project = await createStackProject();
  }, 60_000);

  afterAll(async () => {
    await project.remove();
  }, 60_000);

  test("still runs after a first deploy that failed, which says how to go back", async () => {
    const compose = ["compose", "up", "-d", "db", "api"];
    execFileSync("docker", compose, { cwd: project.directory, stdio: "pipe" });
    const before = project.running();
    expect(before).toHaveLength(2);
    project.write("studio.yaml", stackSettings({ timeout: "5s" }));
    project.configure({ SICK: "1" });
    const failed = await project.studio(deploy);
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("Left running as this deploy defined them: db, proxy.");
    expect(failed.stderr).toContain("`docker compose up -d` goes back to what ran");
    expect(project.running()).toEqual(expect.arrayContaining(before));
  }, 180_000);

  test("still runs after an up that failed, though the release had been taken down", async () => {
    project.configure({});
    await succeed(project, deploy);
    await succeed(project, ["down"]);
    const compose = ["compose", "up", "-d", "db"];
    execFileSync("docker", compose, { cwd: project.directory, stdio: "pipe" });
    const before = project.running();
    const failed = await project.studio(["up"], { STUDIO_FAULT: "fail:start/up:before" });
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("left running: db, proxy. `studio down` ends it.");
    expect(project.running()).toEqual(expect.arrayContaining(before));
    await succeed(project, ["down"]);
    expect(project.running().filter((name) => /-(db|proxy)-/.test(name))).toEqual([]);
    await succeed(project, ["up"]);
    expect(await serving(project)).toMatch(/Z-/);
  }, 180_000);
});

const nginxReload = ["nginx", "-s", "reload"];

function removeImagesOf(project: StackProject, release: string): void {
  const { images } = releaseRecord(project, release);
  execFileSync("docker", ["rm", "-f", ...project.containersOf(release)]);
  execFileSync("docker", ["image", "rm", images["api"]?.pinned ?? ""]);
}

const proxyOf = (project: StackProject): string =>
  project.running().find((name) => name.includes("-proxy-")) ?? "";

const colours = (project: StackProject): string[] =>
  project.running().filter((name) => /-api-(blue|green)-/.test(name));
