import { describe, expect, test } from "vitest";
import { settingsSchema } from "../../../../src/config/schema.ts";
import { StudioError } from "../../../../src/errors.ts";
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
    refuseShape(config, rolesOf(config, settings), folder);
    return null;
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
}

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

  test("of the public address prefers plain HTTP", () => {
    const ports = [
      { target: 8443, published: "443" },
      { target: 8080, published: "80", host_ip: "10.0.0.7" },
    ];
    const { proxy } = rolesOf(stackOf({ api: {}, nginx: { ...nginx, ports } }), settings);
    expect(proxy?.url).toBe("http://10.0.0.7:80");
  });
});

describe("a stack that cannot be switched is refused with the line to change", () => {
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
