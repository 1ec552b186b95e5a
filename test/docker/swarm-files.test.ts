import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { StackService } from "../../src/deploy/release.ts";
import type { StackConfig } from "../../src/deploy/targets/compose/stack-config.ts";
import { readObjects } from "../../src/deploy/targets/swarm/objects.ts";
import { renderStack } from "../../src/deploy/targets/swarm/render-stack.ts";
import { noDocker, skipped } from "../support/docker/images.ts";

const missing = noDocker();

/** All that Compose's version 3 knows, and some that it does not. */
const stack = {
  name: "shop",
  services: {
    api: {
      image: "shop/api:1",
      command: ["serve", "costs $$1"],
      entrypoint: "/run.sh",
      environment: { PRICE: "1$$2", UNSET: null },
      env_file: [{ path: "more.env", required: false }],
      expose: [8000],
      ports: [{ target: 80, published: "8080", mode: "host" }, "9000:9000/udp"],
      secrets: ["token", { source: "key", target: "/etc/key", uid: "1000", mode: 0o400 }],
      configs: ["inline", { source: "file", target: "/etc/file" }],
      volumes: [
        "data:/data",
        "./bound:/bound:ro",
        { type: "tmpfs", target: "/tmp", tmpfs: { size: 1_000_000 } },
        { type: "volume", source: "data", target: "/more", volume: { nocopy: true } },
      ],
      healthcheck: {
        test: "true",
        interval: "5s",
        timeout: "2s",
        start_period: "10s",
        start_interval: "1s",
      },
      cap_add: ["NET_BIND_SERVICE"],
      cap_drop: ["ALL"],
      dns: ["10.0.0.53"],
      dns_search: ["example.com"],
      extra_hosts: ["one:10.0.0.1", "two=10.0.0.2"],
      hostname: "api",
      init: true,
      labels: { tier: "front" },
      logging: { driver: "json-file", options: { "max-size": "10m" } },
      read_only: true,
      restart: "on-failure:3",
      security_opt: ["no-new-privileges:true"],
      shm_size: "64m",
      stop_grace_period: "1m30s",
      stop_signal: "SIGINT",
      sysctls: { "net.core.somaxconn": 1024 },
      tmpfs: ["/run"],
      ulimits: { nofile: { soft: 1000, hard: 2000 }, nproc: 100 },
      user: "1000:1000",
      working_dir: "/srv",
      depends_on: { db: { condition: "service_started" } },
      deploy: {
        replicas: 2,
        labels: { owner: "shop" },
        update_config: { parallelism: 2, delay: "1s", monitor: "1m", max_failure_ratio: 0.2 },
        resources: {
          limits: { cpus: "0.5", memory: "512M", pids: 100 },
          reservations: { memory: "64M" },
        },
        placement: { constraints: ["node.role == manager"], max_replicas_per_node: 2 },
      },
    },
    db: {
      image: "postgres:17",
      mem_limit: "1g",
      cpus: 0.5,
      networks: { back: { aliases: ["data"] } },
      volumes: ["data:/rows"],
    },
    agent: { image: "agent:1", deploy: { mode: "global" } },
  },
  networks: { back: { internal: true }, default: { driver_opts: { encrypted: "" } } },
  volumes: { data: { labels: { kept: "yes" } } },
  secrets: { token: { file: "./token" }, key: { environment: "KEY" } },
  configs: { inline: { content: "is $${not} a variable" }, file: { file: "./token" } },
};

const roles: Record<string, StackService["role"]> = {
  api: "switched",
  db: "stateful",
  agent: "plain",
};

const serviceOf = (name: string, role: StackService["role"]): StackService => ({
  name,
  role,
  port: 8000,
  drain: 30_000,
  replicas: 2,
});

describe.skipIf(missing !== null)(`files rendered for a Swarm${skipped(missing)}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-swarm-$files-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("are what docker stack deploy reads, whatever Compose's own files say", () => {
    writeFileSync(join(folder, "compose.yaml"), JSON.stringify(stack));
    writeFileSync(join(folder, "token"), "words");
    const env = { ...process.env, KEY: "of the variable" };
    const argv = ["compose", "-f", join(folder, "compose.yaml"), "config", "--format", "json"];
    const text = execFileSync("docker", argv, { encoding: "utf8", env });
    const config = JSON.parse(text) as StackConfig;
    const files = renderStack({
      config,
      services: Object.entries(roles).map(([name, role]) => serviceOf(name, role)),
      images: { api: "studio/shop/api:1", db: "postgres:17", agent: "agent:1" },
      objects: readObjects(config, env).map((one) => ({ ...one, name: `shop_${one.key}_1` })),
      monitor: 30_000,
      release: "r1",
      environment: "production",
      directory: folder,
      folder: join(folder, "release"),
      withoutVirtualAddress: false,
    });
    for (const [name, file] of Object.entries(files)) {
      const path = join(folder, `${name}.json`);
      writeFileSync(path, JSON.stringify(file));
      const read = spawnSync("docker", ["stack", "config", "-c", path], { encoding: "utf8" });
      expect(read.stderr, name).toBe("");
      expect(read.status, name).toBe(0);
      // A dollar that was meant is read as one, in the folder's name as well.
      if (name === "api") {
        expect(read.stdout).toContain("costs $1");
        expect(read.stdout).toContain("PRICE: 1$2");
        expect(read.stdout).toContain(`file: ${folder}/release/secrets/token`);
      }
    }
  }, 60_000);
});
