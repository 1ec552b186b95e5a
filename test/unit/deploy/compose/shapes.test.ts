import { describe, expect, test } from "vitest";
import { settingsSchema } from "../../../../src/config/schema.ts";
import { StudioError } from "../../../../src/errors.ts";
import { gapOf } from "../../../../src/deploy/targets/compose/gap.ts";
import { refuseShape } from "../../../../src/deploy/targets/compose/refuse-shape.ts";
import { rolesOf } from "../../../../src/deploy/targets/compose/roles.ts";
import type {
  ServiceDefinition,
  StackConfig,
} from "../../../../src/deploy/targets/compose/stack-config.ts";

const settings = settingsSchema.parse({ target: "compose" });
const folder = "/project/.studio/proxy/production";

const nginx: ServiceDefinition = {
  image: "nginx:1.28",
  ports: [{ target: 80, published: "8080" }],
  volumes: [{ type: "bind", source: folder, target: "/etc/nginx/studio" }],
};

const stackOf = (services: Record<string, ServiceDefinition>): StackConfig => ({
  name: "shop",
  services,
});

function refusalOf(config: StackConfig): StudioError | null {
  try {
    refuseShape(config, rolesOf(config, settings), folder, "refuse");
    return null;
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
}

describe("a proxy that studio is not told of, or does not know", () => {
  const reasonsWith = (image: string) => {
    const config = stackOf({ api: {}, edge: { image } });
    return gapOf(config, rolesOf(config, settings))?.reasons.join();
  };

  test("is named in the reason for the gap, and what it is", () => {
    expect(reasonsWith("traefik:v3.1")).toBe(
      "there is no proxy that studio can tell where to send requests: edge is traefik, which it does not know",
    );
    expect(reasonsWith("postgres:17")).toBe(
      "there is no proxy that studio can tell where to send requests",
    );
  });

  test("is to be named in the settings where studio knows it", () => {
    const config = stackOf({ api: {}, edge: { image: "docker.io/library/haproxy:3" } });
    expect(gapOf(config, rolesOf(config, settings))?.reasons).toEqual([
      "compose.proxy does not name edge, which is haproxy",
    ]);
    expect(refusalOf(config)?.hint).toContain("compose: { proxy: haproxy }");
  });
});

describe("the role of a service", () => {
  test("follows from its labels", () => {
    const labels = { "studio.switch": "true", "studio.port": "3000", "studio.drain": "2m" };
    const { services } = rolesOf(stackOf({ backend: { labels }, other: {}, nginx }), settings);
    expect(services).toMatchObject([
      { name: "backend", role: "switched", port: 3000, drain: 120_000, replicas: 1 },
      { name: "other", role: "plain", port: null },
      { name: "nginx", role: "proxy" },
    ]);
  });

  test("follows from its name and its volumes where it has no label", () => {
    const volumes = [{ type: "volume", source: "data", target: "/data" }];
    const config = stackOf({ api: { expose: ["9000"] }, db: { volumes }, nginx });
    const { services, proxy } = rolesOf(config, settings);
    expect(services.map(({ role }) => role)).toEqual(["switched", "stateful", "proxy"]);
    expect(services[0]?.port).toBe(9000);
    expect(proxy).toEqual({ kind: "nginx", service: "nginx", url: "http://127.0.0.1:8080" });
  });

  test("is not guessed where several could be meant: the label is named", () => {
    expect(refusalOf(stackOf({ api: {}, web: {}, nginx }))).toMatchObject({
      code: "compose.switchUnknown",
      exitCode: 2,
      hint: expect.stringContaining('studio.switch: "true"'),
    });
  });

  test("of the public address prefers plain HTTP, and knows where it may be sent on to", () => {
    const ports = [
      { target: 8443, published: "443" },
      { target: 8080, published: "80", host_ip: "10.0.0.7" },
    ];
    const { proxy } = rolesOf(stackOf({ api: {}, nginx: { ...nginx, ports } }), settings);
    expect(proxy?.url).toBe("http://10.0.0.7:80");
    expect(proxy?.secureUrl).toBe("https://127.0.0.1:443");
  });
});

describe("a stack that can only be deployed with a gap", () => {
  const gap = (services: Record<string, ServiceDefinition>) => {
    const config = stackOf(services);
    const roles = rolesOf(config, settings);
    refuseShape(config, roles, folder, "allow");
    return gapOf(config, roles);
  };

  test("is not one where the switched services claim nothing and a proxy is there", () => {
    expect(gap({ api: {}, nginx })).toBeNull();
  });

  test("is met where its service publishes a port, and given as long to end as it asks for", () => {
    const ports = [{ target: 3000, published: "8080", host_ip: "127.0.0.1" }];
    const api = { ports, stop_grace_period: "1m30s", container_name: "shop-api" };
    expect(gap({ api })).toMatchObject({
      url: "http://127.0.0.1:8080",
      grace: "1m30s",
      names: ["shop-api"],
      reasons: [
        expect.stringContaining("host port 8080"),
        expect.stringContaining("container name shop-api"),
        expect.stringContaining("no proxy"),
      ],
    });
  });

  test("is met at its proxy where it has one", () => {
    const api = { container_name: "shop-api" };
    expect(gap({ api, nginx })).toMatchObject({ url: "http://127.0.0.1:8080" });
  });

  test("is met at its own port on the host's network, and nowhere where it publishes none", () => {
    const labels = { "studio.port": "9000" };
    expect(gap({ api: { network_mode: "host", labels } })?.url).toBe("http://127.0.0.1:9000");
    expect(gap({ api: {} })?.url).toBe("");
  });
});

describe("a stack that cannot be switched without a gap is refused with the line to change where that is asked for", () => {
  const shapes: [string, ServiceDefinition, string][] = [
    ["a published port", { ports: [{ target: 8000, published: "8000" }] }, "services.api.ports"],
    [
      "a published range",
      { ports: [{ target: 8000, published: "8000-8010" }] },
      "services.api.ports",
    ],
    ["a port without a number", { ports: [{ target: 8000 }] }, "services.api.ports"],
    ["a fixed name", { container_name: "api" }, "services.api.container_name"],
    ["the host's network", { network_mode: "host" }, "services.api.network_mode"],
    [
      "a fixed address",
      { networks: { back: { ipv4_address: "10.1.0.5" } } },
      "services.api.networks.back.ipv4_address",
    ],
  ];

  test.each(shapes)("%s", (_shape, definition, line) => {
    const refusal = refusalOf(stackOf({ api: definition, nginx }));
    expect(refusal).toMatchObject({ code: "compose.shape", exitCode: 2 });
    expect(refusal?.hint).toContain(line);
  });

  test("no proxy", () => {
    expect(refusalOf(stackOf({ api: {} }))?.hint).toContain("studio.proxy: nginx");
  });

  test("a proxy that does not read the generated folder", () => {
    const refusal = refusalOf(stackOf({ api: {}, nginx: { ...nginx, volumes: [] } }));
    expect(refusal?.hint).toContain("STUDIO_PROXY_DIRECTORY");
  });

  test("every problem is told at once", () => {
    const api: ServiceDefinition = { container_name: "api", network_mode: "host" };
    expect(refusalOf(stackOf({ api, nginx }))?.details).toHaveLength(2);
  });
});
