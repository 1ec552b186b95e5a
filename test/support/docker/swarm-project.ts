import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestProject, binary, collect, createProject, freePort } from "../studio.ts";
import { testImage } from "./images.ts";
import type { OwnSwarm } from "./own-swarm.ts";

/** A stack of application, proxy and a service with a volume, deployed to a Swarm as `production`. */
export interface SwarmProject extends TestProject {
  /** The stack's name. */
  stack: string;
  /** Writes the compose file with these variables of the application, and more of any service. */
  configure(application: Record<string, string>, more?: Record<string, object>): void;
  /** What the engine of the first node says. */
  docker(argv: readonly string[]): string;
  /** Names of the secrets or configs in the Swarm. */
  objects(kind: "secret" | "config"): string[];
}

export interface SwarmOptions {
  watch?: string;
  timeout?: string;
  /** What no test waits for: that Swarm looks on for half a minute. */
  monitor?: string;
  replicas?: number;
  /** The service with the volume is a PostgreSQL server, and studio runs on the node. */
  database?: boolean;
}

export const swarmSettings = (options: SwarmOptions = {}): string => {
  const { watch = "1s", timeout = "40s", monitor = "3s", replicas = 2, database } = options;
  return `
name: test
environments:
  production: { target: swarm, swarm: { replicas: ${replicas}, monitor: ${monitor} } }
deploy:
  health: { passes: 1, timeout: ${timeout} }
  watch: { for: ${watch}, thresholds: ["errors<1%"] }
  keepReleases: 2
${database === true ? 'database: { url: "postgres://studio:of-the-tests@db:5432/studio" }' : ""}
`;
};

/** Requests are never tried twice: what a deploy loses must show. */
const site = `
resolver 127.0.0.11 valid=1s ipv6=off;
server {
  listen 80;
  location / {
    set $upstream http://api:8000;
    proxy_pass $upstream;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_next_upstream off;
    proxy_buffering off;
  }
}
`;

export async function createSwarmProject(
  swarm: OwnSwarm,
  options: SwarmOptions = {},
): Promise<SwarmProject> {
  const directory = mkdtempSync(join(tmpdir(), "studio-swarm-"));
  const project = await createProject(swarmSettings(options), directory);
  const port = await freePort();
  const stack = directory.slice(directory.lastIndexOf("/") + 1).toLowerCase();
  const env = {
    STUDIO_ENV: "production",
    // The home of the tests is their folder; Docker's plugins lie in that of the user.
    DOCKER_CONFIG: process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker"),
    DOCKER_HOST: swarm.host,
  };
  const [program = "", ...within] = options.database === true ? swarm.within : ["env"];
  const start: TestProject["start"] = (argv, others) =>
    spawn(program, [...within, process.execPath, binary, ...argv], {
      cwd: directory,
      env: { ...project.env, ...env, ...others },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const docker = (argv: readonly string[]) =>
    execFileSync("docker", ["-H", swarm.host, ...argv], { encoding: "utf8" });
  const configure: SwarmProject["configure"] = (application, more = {}) => {
    const db = options.database === true ? { ...server(), ...more["db"] } : { ...more["db"] };
    const file = composeFile({ stack, port, application, more: { ...more, db } });
    project.write("compose.yaml", file);
  };
  project.write("site.conf", site);
  project.write("token.txt", "correct-horse-battery-staple-1\n");
  configure({});
  return {
    ...project,
    stack,
    port,
    url: `http://${swarm.addresses[0]}:${port}`,
    start,
    studio: (argv, others) => collect(start(argv, others)),
    configure,
    docker,
    objects: (kind) =>
      docker([kind, "ls", "--format", "{{.Name}}"])
        .split("\n")
        .filter((name) => name.startsWith(stack))
        .toSorted(),
    async remove() {
      spawnSync("docker", ["-H", swarm.host, "stack", "rm", stack]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A password of a server that only the stack's own network, and its node, reach. */
const server = () => ({
  image: testImage("postgres"),
  command: undefined,
  user: undefined,
  init: undefined,
  environment: { POSTGRES_USER: "studio", POSTGRES_PASSWORD: "of-the-tests" },
  volumes: ["data:/var/lib/postgresql/data"],
  healthcheck: {
    test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"],
    interval: "1s",
    retries: 30,
  },
});

interface Shape {
  stack: string;
  port: number;
  application: Record<string, string>;
  more: Record<string, object>;
}

const check =
  "fetch('http://127.0.0.1:8000/health/ready').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))";

function composeFile({ stack, port, application, more }: Shape): string {
  return JSON.stringify({
    name: stack,
    services: {
      api: {
        image: testImage("app"),
        environment: { BOOT_MS: "200", ...application },
        labels: { "studio.switch": "true" },
        expose: ["8000"],
        secrets: ["token"],
        healthcheck: {
          test: ["CMD", "node", "-e", check],
          interval: "1s",
          timeout: "10s",
          retries: 3,
        },
        ...more["api"],
      },
      db: {
        image: testImage("app"),
        command: ["sleep", "infinity"],
        user: "0",
        init: true,
        volumes: ["data:/data"],
        ...more["db"],
      },
      proxy: {
        image: testImage("nginx"),
        labels: { "studio.proxy": "nginx" },
        ports: [{ target: 80, published: String(port), mode: "host" }],
        configs: [{ source: "site", target: "/etc/nginx/conf.d/site.conf" }],
        ...more["proxy"],
      },
    },
    volumes: { data: {} },
    secrets: { token: { file: "./token.txt" } },
    configs: { site: { file: "./site.conf" } },
  });
}
