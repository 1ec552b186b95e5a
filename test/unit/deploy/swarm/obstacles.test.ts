import { describe, expect, test } from "vitest";
import type { StackService } from "../../../../src/deploy/release.ts";
import type { ServiceDefinition } from "../../../../src/deploy/targets/compose/stack-config.ts";
import { obstaclesOf } from "../../../../src/deploy/targets/swarm/obstacles.ts";
import type { SwarmFacts } from "../../../../src/deploy/targets/swarm/swarm-facts.ts";

const checked: ServiceDefinition = { image: "api:1", healthcheck: { test: ["CMD", "true"] } };
const hostPort = [{ target: 80, published: "80", mode: "host" }];

const facts = (nodes: number, ipvs: boolean | null = true): SwarmFacts => ({
  state: "active",
  manager: true,
  id: "n1",
  address: "10.0.0.1",
  ipvs,
  nodes: Array.from({ length: nodes }, (_, index) => ({
    id: `n${index + 1}`,
    name: `node${index + 1}`,
    ready: true,
    state: "active",
    address: `10.0.0.${index + 1}`,
  })),
});

interface Options {
  nodes?: number;
  ipvs?: boolean | null;
  role?: StackService["role"];
  replicas?: number;
  fromRegistry?: boolean;
}

function found(definition: ServiceDefinition, options: Options = {}) {
  const { nodes = 1, ipvs = true, role = "switched", replicas = 1, fromRegistry = true } = options;
  return obstaclesOf({
    config: {
      name: "shop",
      services: { api: definition },
      volumes: { data: { name: "shop_data" } },
    },
    services: [{ name: "api", role, port: 8000, drain: 0, replicas }],
    facts: facts(nodes, ipvs),
    images: new Map([["api", { checked: false, fromRegistry }]]),
    proxyFolder: "/shop/.studio/proxy/production",
  });
}

const reasons = (...all: Parameters<typeof found>) =>
  found(...all)
    .map(({ why }) => why)
    .join("\n");
const changes = (...all: Parameters<typeof found>) =>
  found(...all)
    .map(({ change }) => change)
    .join("\n");

describe("a stack for Swarm is refused", () => {
  test("where what is switched has no health check, or says that it wants none", () => {
    expect(found(checked)).toEqual([]);
    expect(reasons({ image: "api:1" })).toContain("has no health check");
    expect(changes({ image: "api:1" })).toContain("services.api.healthcheck");
    expect(reasons({ ...checked, healthcheck: { disable: true } })).toContain("no health check");
    expect(reasons({ ...checked, healthcheck: { test: ["NONE"] } })).toContain("no health check");
    expect(found({ image: "api:1" }, { role: "plain" })).toEqual([]);
  });

  test("where a new task would wait for ever for the port of the one before", () => {
    const definition = { ...checked, ports: hostPort };
    expect(reasons(definition)).toContain("would never end");
    expect(changes(definition)).toContain("stop-first");
    const gap = { ...definition, deploy: { update_config: { order: "stop-first" } } };
    expect(found(gap)).toEqual([]);
    expect(found(definition, { nodes: 2 })).toEqual([]);
    expect(reasons(definition, { nodes: 3, replicas: 3 })).toContain(
      "takes 4 nodes, and there are 3",
    );
    const all = { ...definition, deploy: { update_config: { parallelism: 0 } } };
    expect(reasons(all, { nodes: 3, replicas: 2 })).toContain("takes 4 nodes");
    const global = { ...definition, deploy: { mode: "global" } };
    expect(reasons(global, { nodes: 3 })).toContain("each node has one already");
    // In front and without a word from the operator it stops first.
    expect(found(definition, { role: "proxy" })).toEqual([]);
    const insisting = { ...definition, deploy: { update_config: { order: "start-first" } } };
    expect(reasons(insisting, { role: "proxy" })).toContain("would never end");
  });

  test("where there are more tasks with a port than nodes", () => {
    const definition = { ...checked, ports: hostPort, deploy: { replicas: 3 } };
    expect(reasons(definition, { nodes: 2, replicas: 3 })).toContain("need a node each");
  });

  test("where its addresses need IPVS and the kernel has none", () => {
    const ports = [{ target: 80, published: "8080", mode: "ingress" }];
    const ingress = { ...checked, ports };
    expect(found(ingress)).toEqual([]);
    expect(reasons(ingress, { ipvs: false })).toContain("which needs IPVS");
    expect(changes(ingress, { ipvs: false })).toContain(
      "[{ target: 80, published: 8080, mode: host }], and `deploy: { endpoint_mode: dnsrr }`",
    );
    expect(found(ingress, { ipvs: null })).toEqual([]);
    const vip = { ...checked, deploy: { endpoint_mode: "vip" } };
    expect(reasons(vip, { ipvs: false })).toContain("endpoint mode vip");
    expect(found(vip)).toEqual([]);
    const both = { ...ingress, deploy: { endpoint_mode: "dnsrr" } };
    expect(reasons(both)).toContain("dnsrr");
  });

  test("where a port is published on one address, which Swarm would do on each", () => {
    const ports = [{ target: 80, published: "80", mode: "ingress", host_ip: "127.0.0.1" }];
    expect(reasons({ ...checked, ports })).toContain("on 127.0.0.1 alone");
  });

  test("where it asks for what Swarm does not have", () => {
    for (const [key, value] of Object.entries({
      privileged: true,
      network_mode: "host",
      devices: ["/dev/null"],
      pid: "host",
    })) {
      expect(changes({ ...checked, [key]: value })).toContain(`services.api.${key}`);
    }
    expect(found({ ...checked, privileged: false })).toEqual([]);
    expect(reasons({ ...checked, deploy: { mode: "replicated-job" } })).toContain("replicated-job");
  });

  test("where only this node has its data or its image, and there are others", () => {
    const stateful: ServiceDefinition = {
      ...checked,
      volumes: [{ type: "volume", source: "data", target: "/data" }],
    };
    expect(found(stateful)).toEqual([]);
    expect(reasons(stateful, { nodes: 2 })).toContain("keeps data on the node");
    expect(changes(stateful, { nodes: 2 })).toContain("node.hostname == node1");
    const placement = { constraints: ["node.hostname == node1"] };
    expect(found({ ...stateful, deploy: { placement } }, { nodes: 2 })).toEqual([]);
    expect(reasons(checked, { nodes: 2, fromRegistry: false })).toContain("on this node alone");
    const loaded = { ...checked, pull_policy: "never" };
    expect(found(loaded, { nodes: 2, fromRegistry: false })).toEqual([]);
  });

  test("where a proxy would read what studio writes for one of Compose's", () => {
    const volumes = [
      { type: "bind", source: "/shop/.studio/proxy/production", target: "/etc/nginx/studio" },
    ];
    expect(changes({ ...checked, volumes }, { role: "proxy" })).toContain("resolver 127.0.0.11");
  });
});
