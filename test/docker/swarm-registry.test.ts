import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { everyStep } from "../support/every.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { type OwnSwarm, startOwnSwarm } from "../support/docker/own-swarm.ts";
import { type Registry, registryProgram, startRegistry } from "../support/docker/registry.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { type SwarmProject, createSwarmProject } from "../support/docker/swarm-project.ts";
import { succeed } from "../support/kill-rounds.ts";

const missing = noDocker() ?? (registryProgram === null ? "no docker-registry" : null);

describe.skipIf(missing !== null)(`a Swarm with a registry${skipped(missing)}`, () => {
  let swarm: OwnSwarm;
  let registry: Registry;
  let project: SwarmProject;

  beforeAll(async () => {
    if (!everyStep) return;
    const images = [testImage("app"), testImage("nginx")];
    swarm = await startOwnSwarm(images, { nodes: 2, registry: true });
    registry = await startRegistry(registryProgram ?? "", swarm.gateway);
    project = await createSwarmProject(swarm);
    const image = push(testImage("app"), "app");
    const here = { placement: { constraints: ["node.hostname == node1"] } };
    project.configure(
      {},
      {
        api: { image, deploy: { placement: { max_replicas_per_node: 2 } } },
        db: { image, deploy: here },
        proxy: { image: push(testImage("nginx"), "nginx"), deploy: here },
      },
    );
  }, 600_000);

  afterAll(async () => {
    await project?.remove();
    await registry?.remove();
    swarm?.remove();
  }, 60_000);

  /** From the first node. @returns the tag, which a later push moves */
  function push(image: string, name: string): string {
    const tag = `${registry.address}/${name}:latest`;
    node("tag", image, tag);
    node("push", "-q", tag);
    return tag;
  }

  const node = (...argv: string[]) =>
    execFileSync("docker", ["-H", swarm.host, ...argv], { encoding: "utf8", stdio: "pipe" });

  const runs = () =>
    project
      .docker(
        ["service", "inspect", "-f", "{{.Spec.TaskTemplate.ContainerSpec.Image}}"].concat(
          `${project.stack}_api`,
        ),
      )
      .trim();

  inLongForm(
    "pulls a release by its digest on each node, and returns to that when the tag has moved",
    async () => {
      await succeed(project, deploy);
      const first = { release: await serving(project), image: runs() };
      expect(first.image).toMatch(/\/app@sha256:[0-9a-f]{64}$/);
      const tasks = ["service", "ps", "-f", "desired-state=running", "--format", "{{.Node}}"];
      const nodes = project
        .docker([...tasks, `${project.stack}_api`])
        .trim()
        .split("\n");
      expect(nodes.toSorted()).toEqual(["node1", "node2"]);
      const variant = `FROM ${testImage("app")}\nLABEL variant=1\n`;
      execFileSync("docker", ["-H", swarm.host, "build", "-q", "-t", "variant", "-"], {
        input: variant,
      });
      push("variant", "app");
      await succeed(project, deploy);
      expect(runs()).not.toBe(first.image);
      await succeed(project, rollback);
      expect(runs()).toBe(first.image);
      expect(await serving(project)).toBe(first.release);
    },
    600_000,
  );
});
