import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestProject, collect, createProject, freePort } from "../studio.ts";
import { testImage } from "./images.ts";

/** A stack of application, proxy and a service with a volume, deployed as `production`. */
export interface StackProject extends TestProject {
  /** The Compose project's name. */
  stack: string;
  /** Writes the compose file with these variables of the application. */
  configure(application: Record<string, string>): void;
  /** Names of the stack's containers that run. */
  running(): string[];
}

/** @param watch as short as it can be and still look, by default */
export const stackSettings = (watch = "1s"): string => `
name: test
environments:
  production: { target: compose }
deploy:
  health: { passes: 1, timeout: 30s }
  watch: { for: ${watch}, thresholds: ["errors<1%"] }
  drain: 5s
  keepReleases: 2
`;

/**
 * @param more settings added to those of the tests
 * @param database the service with the volume is a PostgreSQL server
 */
export async function createStackProject(more = "", database = false): Promise<StackProject> {
  const directory = mkdtempSync(join(tmpdir(), "studio-stack-"));
  const project = await createProject(`${stackSettings()}${more}`, directory);
  const port = await freePort();
  const stack = directory.slice(directory.lastIndexOf("/") + 1).toLowerCase();
  // The home of the tests is their folder; Docker's plugins lie in that of the user.
  const configuration = process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  const env = { STUDIO_ENV: "production", DOCKER_CONFIG: configuration };
  const start: TestProject["start"] = (argv, others) => project.start(argv, { ...env, ...others });
  mkdirSync(join(directory, "conf.d"));
  writeFileSync(join(directory, "conf.d", "site.conf"), site);
  const configure = (application: Record<string, string>) =>
    project.write("compose.yaml", composeFile({ stack, port, application, database }));
  configure({});
  return {
    ...project,
    stack,
    port,
    url: `http://127.0.0.1:${port}`,
    start,
    studio: (argv, others) => collect(start(argv, others)),
    configure,
    running: () => namesOf(stack, ["ps"]),
    async remove() {
      const all = namesOf(stack, ["ps", "-a"]);
      if (all.length > 0) spawnSync("docker", ["rm", "-f", "-v", ...all]);
      spawnSync("docker", ["network", "rm", `${stack}_default`]);
      spawnSync("docker", ["volume", "rm", `${stack}_data`]);
      const tags = ["api", "db", "nginx"].flatMap((name) => tagsOf(`studio/${stack}-${name}`));
      if (tags.length > 0) spawnSync("docker", ["image", "rm", ...tags]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function namesOf(stack: string, words: string[]): string[] {
  const filter = `label=com.docker.compose.project=${stack}`;
  const argv = [...words, "--filter", filter, "--format", "{{.Names}}"];
  return lines(execFileSync("docker", argv, { encoding: "utf8" })).toSorted();
}

function tagsOf(name: string): string[] {
  const format = "{{.Repository}}:{{.Tag}}";
  return lines(
    execFileSync("docker", ["image", "ls", name, "--format", format], { encoding: "utf8" }),
  );
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

interface StackShape {
  stack: string;
  port: number;
  application: Record<string, string>;
  database: boolean;
}

/** A password of a server that only the stack's own network reaches. */
const server = {
  environment: { POSTGRES_USER: "studio", POSTGRES_PASSWORD: "of-the-tests" },
  volumes: ["data:/var/lib/postgresql/data"],
  healthcheck: {
    test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"],
    interval: "1s",
    retries: 30,
  },
};

const idle = { command: ["sleep", "infinity"], user: "0", init: true, volumes: ["data:/data"] };

function composeFile({ stack, port, application, database }: StackShape): string {
  const environment = { BOOT_MS: "200", ABRUPT: "1", ...application };
  const check =
    "fetch('http://127.0.0.1:8000/health/ready').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))";
  const folder = "${STUDIO_PROXY_DIRECTORY:-./.studio/proxy/production}";
  return JSON.stringify({
    name: stack,
    services: {
      api: {
        image: testImage("app"),
        environment,
        labels: { "studio.switch": "true" },
        expose: ["8000"],
        healthcheck: {
          test: ["CMD", "node", "-e", check],
          interval: "1s",
          timeout: "10s",
          retries: 2,
        },
      },
      db: database
        ? { image: testImage("postgres"), ...server }
        : { image: testImage("app"), ...idle },
      nginx: {
        image: testImage("nginx"),
        ports: [`127.0.0.1:${port}:80`],
        volumes: ["./conf.d:/etc/nginx/conf.d:ro", `${folder}:/etc/nginx/studio:ro`],
      },
    },
    volumes: { data: {} },
  });
}

/** Requests are never tried twice: what a deploy loses must show. */
const site = `
include /etc/nginx/studio/upstream.conf;
map $http_accept $page {
  ~text/html /maintenance.html;
  default /maintenance.json;
}
server {
  listen 80;
  include /etc/nginx/studio/maintenance.conf;
  error_page 503 @maintenance;
  location @maintenance {
    root /etc/nginx/studio;
    try_files $page =503;
  }
  location / {
    if ($studio_maintenance) { return 503; }
    proxy_pass http://studio_api;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_next_upstream off;
    proxy_buffering off;
  }
}
`;
