import { describe, expect, test } from "vitest";
import type { StackService } from "../../../../src/deploy/release.ts";
import { labels } from "../../../../src/deploy/targets/compose/colours.ts";
import type { StackConfig } from "../../../../src/deploy/targets/compose/stack-config.ts";
import { untranslated } from "../../../../src/deploy/targets/swarm/render-service.ts";
import {
  type RenderInput,
  definitionIn,
  renderStack,
} from "../../../../src/deploy/targets/swarm/render-stack.ts";

/** As Compose resolves it. */
const config: StackConfig = {
  name: "shop",
  services: {
    api: {
      image: "shop/api:1",
      build: { context: "." },
      pull_policy: "build",
      profiles: ["production"],
      container_name: "api",
      restart: "always",
      command: null,
      environment: { PRICE: "1$$", UNSET: null },
      depends_on: { db: { condition: "service_healthy" } },
      expose: ["8000"],
      extra_hosts: ["host=10.0.0.1"],
      healthcheck: { test: ["CMD", "true"], interval: "5s", start_interval: "1s" },
      security_opt: ["no-new-privileges:true"],
      secrets: [{ source: "token", target: "/run/secrets/token", mode: "0400" }],
      deploy: {
        update_config: { parallelism: 2, monitor: "1m30s", order: "start-first" },
        resources: { limits: { cpus: 0.5, memory: "536870912" } },
      },
      volumes: [
        { type: "tmpfs", target: "/t", tmpfs: { size: "1000" } } as never,
        { type: "bind", source: "/b", target: "/b", bind: { create_host_path: true } } as never,
      ],
    },
    db: {
      image: "postgres:17",
      networks: { back: { aliases: ["data"] } },
      volumes: [{ type: "volume", source: "rows", target: "/rows" }],
    },
    proxy: {
      image: "nginx:1",
      ports: [{ target: 80, published: "8080", protocol: "tcp", mode: "host" }],
    },
  },
  networks: { back: { name: "shop_back", ipam: {} }, default: { name: "elsewhere", ipam: {} } },
  volumes: { rows: { name: "shop_rows" } },
  secrets: { token: { name: "shop_token", file: "/shop/token" } },
};

const service = (name: string, role: StackService["role"], replicas = 1): StackService => ({
  name,
  role,
  port: 8000,
  drain: 20_000,
  replicas,
});

const input: RenderInput = {
  config,
  services: [service("api", "switched", 3), service("db", "stateful"), service("proxy", "proxy")],
  images: { api: "studio/shop/api:abc", db: "postgres@sha256:1", proxy: "nginx@sha256:2" },
  objects: [
    {
      kind: "secrets",
      key: "token",
      content: Buffer.from("x"),
      external: "",
      name: "shop_token_1",
    },
  ],
  monitor: 30_000,
  release: "r1",
  environment: "production",
  directory: "/shop$1",
  folder: "/shop/.studio/releases/r1",
  withoutVirtualAddress: true,
};

const files = renderStack(input);
const api = files["api"]?.services["api"] as Record<string, never>;
const db = files["db"]?.services["db"] as Record<string, never>;
const proxy = files["proxy"]?.services["proxy"] as Record<string, never>;

describe("the file of a service for Swarm", () => {
  test("has the image that was pinned, and nothing that Swarm would refuse to read", () => {
    expect(api).toMatchObject({ image: "studio/shop/api:abc" });
    const own = "build pull_policy profiles container_name restart command depends_on expose";
    for (const key of [...own.split(" "), "security_opt"]) expect(api).not.toHaveProperty(key);
    expect(files["api"]).not.toHaveProperty("name");
    expect(api["healthcheck"]).toEqual({ test: ["CMD", "true"], interval: "5s" });
    expect(api["extra_hosts"]).toEqual(["host:10.0.0.1"]);
    expect(api["volumes"]).toEqual([
      { type: "tmpfs", target: "/t", tmpfs: { size: 1000 } },
      { type: "bind", source: "/b", target: "/b" },
    ]);
    expect(proxy["ports"]).toEqual([
      { target: 80, published: 8080, protocol: "tcp", mode: "host" },
    ]);
  });

  test("starts a release first, has it rolled back, and keeps a longer look than the settings ask", () => {
    expect(api["deploy"]).toMatchObject({
      replicas: 3,
      endpoint_mode: "dnsrr",
      resources: { limits: { cpus: "0.5", memory: "536870912" } },
      update_config: {
        order: "start-first",
        failure_action: "rollback",
        parallelism: 2,
        monitor: "90000ms",
      },
      rollback_config: { order: "start-first", failure_action: "pause" },
    });
  });

  test("stops first what holds data, or a port of its node", () => {
    for (const one of [db, proxy]) {
      expect(one["deploy"]).toMatchObject({
        update_config: { order: "stop-first", failure_action: "rollback", monitor: "30000ms" },
      });
    }
  });

  test("tells the release to what is switched alone, with what the operator set", () => {
    expect(api["environment"]).toEqual({ PRICE: "1$$", STUDIO_RELEASE: "r1" });
    expect(api["labels"]).toMatchObject({
      [labels.release]: "r1",
      [labels.environment]: "production",
      // A dollar would begin a variable.
      [labels.directory]: "/shop$$1",
    });
    expect(db["labels"]).not.toHaveProperty(labels.release);
    // As long as the settings give it to finish what it began.
    expect(api["stop_grace_period"]).toBe("20000ms");
    expect(db).not.toHaveProperty("stop_grace_period");
  });

  test("names what it uses of the stack, as the stack itself would", () => {
    expect(files["db"]).toMatchObject({
      networks: { back: {} },
      volumes: { rows: {} },
      secrets: {},
    });
    expect(db["networks"]).toEqual({ back: { aliases: ["data"] } });
    expect(files["proxy"]).toMatchObject({ networks: { default: { name: "elsewhere" } } });
    expect(files["api"]?.["secrets"]).toMatchObject({
      token: { name: "shop_token_1", file: "/shop/.studio/releases/r1/secrets/token" },
    });
    expect(api["secrets"]).toEqual([
      { source: "token", target: "/run/secrets/token", mode: 0o400 },
    ]);
  });

  test("is another definition only where something changed that Swarm would act on", () => {
    const next = renderStack({ ...input, release: "r2", folder: "/shop/.studio/releases/r2" });
    const hash = (name: string, of = files) => definitionIn(of[name] as never, name);
    expect(hash("api", next)).not.toBe(hash("api"));
    expect(hash("db", next)).toBe(hash("db"));
    const objects = input.objects.map((one) => ({ ...one, name: "shop_token_2" }));
    const rotated = renderStack({ ...input, objects });
    expect(hash("api", rotated)).not.toBe(hash("api"));
    expect(hash("proxy", rotated)).toBe(hash("proxy"));
  });

  test("leaves out what Swarm does not do, which is told", () => {
    expect(untranslated(config.services["api"] ?? {})).toEqual(["security_opt", "container_name"]);
    expect(untranslated(config.services["db"] ?? {})).toEqual([]);
  });
});
