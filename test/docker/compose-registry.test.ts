import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeService, variantOfImage } from "../support/docker/change-stack.ts";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type Registry, registryProgram, startRegistry } from "../support/docker/registry.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { releaseRecord } from "../support/docker/release-record.ts";
import { succeed } from "../support/kill-rounds.ts";

const missing = noDocker() ?? (registryProgram === null ? "no docker-registry" : null);

describe.skipIf(missing !== null)(`images of a registry${skipped(missing)}`, () => {
  const project = deployedStack();
  let registry: Registry;
  /** What the registry was given, by digest, and the ids that these images have here. */
  const pushed: { reference: string; id: string }[] = [];

  beforeAll(async () => {
    registry = await startRegistry(registryProgram ?? "");
    for (const number of [1, 2, 3]) {
      const image = variantOfImage(project, `LABEL variant=${number}`);
      const id = docker("image", "inspect", "--format", "{{.Id}}", image);
      const reference = registry.push(image, `${project.stack}:latest`);
      pushed.push({ reference, id });
      // Only the registry has it from here on.
      docker("image", "rm", image, `${registry.address}/${project.stack}:latest`);
      spawnSync("docker", ["image", "rm", reference]);
    }
  }, 120_000);

  afterAll(async () => {
    for (const { reference } of pushed) spawnSync("docker", ["image", "rm", reference]);
    await registry?.remove();
  });

  const imageOf = (release: unknown) => releaseRecord(project, String(release)).images["api"];

  async function deployImage(image: string): Promise<string> {
    changeService(project, "api", { image });
    const { stdout } = await succeed(project, [...deploy, "--json"]);
    return JSON.parse(stdout).result.release;
  }

  test("are pulled by digest, and the release is known by it", async () => {
    const [first] = pushed;
    const release = await deployImage(first?.reference ?? "");
    expect(await serving(project)).toBe(release);
    expect(imageOf(release)).toMatchObject({ id: first?.id, digest: first?.reference });
  }, 120_000);

  test("are pulled anew by a tag that moved, and what ran before is returned to", async () => {
    const before = await serving(project);
    const release = await deployImage(`${registry.address}/${project.stack}:latest`);
    expect(imageOf(release)).toMatchObject({ id: pushed[2]?.id, digest: pushed[2]?.reference });
    await registry.stop();
    // What a release runs is here, whatever becomes of the registry.
    await succeed(project, rollback);
    await registry.start();
    expect(await serving(project)).toBe(before);
    const containers = project.containersOf(String(before));
    expect(docker("inspect", "--format", "{{.Image}}", ...containers)).toBe(pushed[0]?.id);
  }, 120_000);

  test("that vanished from it, or cannot be reached, leave the release that serves", async () => {
    const before = await serving(project);
    const { reference = "" } = pushed[1] ?? {};
    const restore = changeService(project, "api", { image: reference });
    const refuse = async (words: RegExp) => {
      const failed = await project.studio(deploy);
      expect(failed.exitCode, failed.stderr).toBe(5);
      expect(failed.stderr).toContain("The image of api could not be pulled");
      expect(failed.stderr).toMatch(words);
      expect(await serving(project)).toBe(before);
    };
    await registry.stop();
    await refuse(/connection refused/);
    await registry.start();
    await registry.forget(reference);
    await refuse(/manifest unknown|not found/);
    restore();
    await succeed(project, ["status"]);
  }, 120_000);
});

const docker = (...argv: string[]): string =>
  execFileSync("docker", argv, { encoding: "utf8", stdio: "pipe" }).trim();
