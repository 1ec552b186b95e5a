import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { type OwnSwarm, startOwnSwarm } from "../support/docker/own-swarm.ts";
import { deploy } from "../support/docker/stack-words.ts";
import {
  type SwarmProject,
  createSwarmProject,
  swarmSettings,
} from "../support/docker/swarm-project.ts";
import { succeed } from "../support/kill-rounds.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`an engine that is to run a Swarm${skipped(missing)}`, () => {
  let swarm: OwnSwarm;
  let project: SwarmProject;

  beforeAll(async () => {
    const images = [testImage("app"), testImage("nginx")];
    swarm = await startOwnSwarm(images, { joined: false });
    project = await createSwarmProject(swarm);
  }, 300_000);

  afterAll(async () => {
    await project?.remove();
    swarm?.remove();
  }, 60_000);

  // The first test: the others have the Swarm that it asks for.
  test("says how to become one", async () => {
    for (const words of [deploy, ["deploy", "--dry-run"]]) {
      const refused = await project.studio(words);
      expect(refused.exitCode, refused.stderr).toBe(8);
      expect(refused.stderr).toContain("part of no Swarm");
      expect(refused.stderr).toContain("docker swarm init");
    }
    const { stdout } = await project.studio(["doctor"]);
    expect(stdout).toMatch(/wrong +The engine manages a Swarm/);
    project.docker(["swarm", "init", "--advertise-addr", swarm.addresses[0] ?? ""]);
  }, 120_000);

  const hostPort = [{ target: 8000, published: "18000", mode: "host" }];
  const ingress = [{ target: 8000, published: "18000" }];

  test.each<[string, Record<string, object>, string, string]>([
    [
      "without a health check",
      { api: { healthcheck: { disable: true } } },
      "api has no health check",
      "services.api.healthcheck",
    ],
    [
      "that starts first with a port of its node",
      { api: { ports: hostPort, deploy: { replicas: 1 } } },
      "would never end",
      "order: stop-first",
    ],
    [
      "with a port of the ingress network, which needs IPVS",
      { api: { ports: ingress } },
      "needs IPVS",
      "mode: host }], and `deploy: { endpoint_mode: dnsrr }`",
    ],
    [
      "with a virtual address, which needs IPVS",
      { api: { deploy: { endpoint_mode: "vip" } } },
      "endpoint mode vip",
      "endpoint_mode as dnsrr",
    ],
    [
      "on the network of its host",
      { api: { network_mode: "host" } },
      "a network mode",
      "target: compose",
    ],
  ])(
    "refuses a service %s, and says what to write",
    async (_what, more, why, change) => {
      project.configure({}, more);
      const refused = await project.studio(["deploy", "--dry-run", "--json"]);
      project.configure({});
      expect(refused.exitCode, refused.stderr).toBe(2);
      const { error } = JSON.parse(refused.stdout);
      expect(error.message).toContain(why);
      expect(error.hint).toContain(change);
    },
    60_000,
  );

  test("has nothing left of a first release that is never healthy", async () => {
    project.write("studio.yaml", swarmSettings({ timeout: "5s" }));
    project.configure({ SICK: "1" });
    const failed = await project.studio(deploy);
    project.configure({});
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("api");
    expect(leftovers()).toEqual([]);
  }, 180_000);

  test("has nothing left of a first release that was killed and is aborted", async () => {
    project.write("studio.yaml", swarmSettings());
    const killed = await project.studio(deploy, { STUDIO_FAULT: "kill:start/wait:before@1" });
    expect(killed.signal, killed.stderr).toBe("SIGKILL");
    expect(leftovers()).not.toEqual([]);
    await succeed(project, ["abort"]);
    expect(leftovers()).toEqual([]);
  }, 180_000);

  /** What bears the stack's name in the Swarm. */
  function leftovers(): string[] {
    const label = `label=com.docker.stack.namespace=${project.stack}`;
    return ["service", "network", "secret", "config"].flatMap((kind) =>
      project
        .docker([kind, "ls", "-q", "--filter", label])
        .split("\n")
        .filter((id) => id !== ""),
    );
  }

  test("is not waited for for ever where no node fits", async () => {
    project.write("studio.yaml", swarmSettings({ timeout: "5s" }));
    const placement = { constraints: ["node.hostname == nowhere"] };
    project.configure({}, { api: { deploy: { placement } } });
    const failed = await project.studio(deploy);
    project.configure({});
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("nothing moves any more: api 0 of 2");
    expect(failed.stderr).toContain("no suitable node");
  }, 180_000);
});
