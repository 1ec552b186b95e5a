import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { testImage } from "../../test/support/docker/images.ts";
import { freePort } from "../../test/support/studio.ts";

const run = promisify(execFile);

/** The application behind nginx, replaced by what people have without studio. */
export interface PeerStack {
  url: string;
  /** `docker compose up -d`, with another release in the compose file. */
  plain(): Promise<void>;
  /**
   * A second container beside the first, then the first is stopped: as docker-rollout does.
   * @returns seconds until the second was healthy
   */
  rollout(): Promise<number>;
  remove(): Promise<void>;
}

/**
 * As friendly to its peers as can be: nginx looks the name up anew each second. Requests are never
 * tried twice, as POST would not be.
 */
const site = `
server {
  listen 80;
  resolver 127.0.0.11 valid=1s ipv6=off;
  location / {
    set $api api;
    proxy_pass http://$api:8000$request_uri;
    proxy_http_version 1.1;
    proxy_next_upstream off;
    proxy_connect_timeout 5s;
  }
}
`;

/** @param interval how often the application's health is looked at */
export async function startPeerStack(interval = "1s"): Promise<PeerStack> {
  const directory = mkdtempSync(join(tmpdir(), "studio-peer-"));
  const stack = basename(directory).toLowerCase();
  const port = await freePort();
  let count = 0;
  const docker = (...words: string[]) => run("docker", words, { cwd: directory });
  const compose = (...words: string[]) => docker("compose", "-p", stack, ...words);
  const writeNext = (): void => {
    count += 1;
    writeFileSync(join(directory, "compose.yaml"), composeFile(port, `release-${count}`, interval));
  };
  mkdirSync(join(directory, "conf.d"));
  writeFileSync(join(directory, "conf.d", "site.conf"), site);
  writeNext();
  await compose("up", "-d", "--wait");
  return {
    url: `http://127.0.0.1:${port}`,
    async plain() {
      writeNext();
      await compose("up", "-d", "--wait");
    },
    async rollout() {
      writeNext();
      const former = await containersOf("api");
      const begun = performance.now();
      const scale = ["--scale", `api=${former.length * 2}`];
      await compose("up", "-d", "--no-deps", "--no-recreate", ...scale, "api");
      const fresh = (await containersOf("api")).filter((id) => !former.includes(id));
      while (!(await areHealthy(fresh))) await sleep(50);
      const healthy = (performance.now() - begun) / 1000;
      await docker("stop", ...former);
      await docker("rm", ...former);
      return healthy;
    },
    async remove() {
      await compose("down", "-t", "0", "-v");
      rmSync(directory, { recursive: true, force: true });
    },
  };

  async function containersOf(service: string): Promise<string[]> {
    const { stdout } = await compose("ps", "-q", service);
    return stdout.split("\n").filter((id) => id !== "");
  }

  async function areHealthy(ids: readonly string[]): Promise<boolean> {
    const { stdout } = await docker("inspect", "--format", "{{.State.Health.Status}}", ...ids);
    return stdout
      .trim()
      .split("\n")
      .every((health) => health === "healthy");
  }
}

/** The same application, boot time and health check as in the stack that studio deploys. */
function composeFile(port: number, release: string, interval: string): string {
  const check =
    "fetch('http://127.0.0.1:8000/health/ready').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))";
  return JSON.stringify({
    services: {
      api: {
        image: testImage("app"),
        environment: { BOOT_MS: "200", ABRUPT: "1", STUDIO_RELEASE: release },
        expose: ["8000"],
        healthcheck: {
          test: ["CMD", "node", "-e", check],
          interval,
          timeout: "10s",
          retries: 2,
        },
      },
      proxy: {
        image: testImage("nginx"),
        ports: [`127.0.0.1:${port}:80`],
        volumes: ["./conf.d:/etc/nginx/conf.d:ro"],
      },
    },
  });
}
