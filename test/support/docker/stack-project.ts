import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Certificate,
  selfSignedCertificate,
} from "../../../src/initialise/self-signed-certificate.ts";
import { replaceFile } from "../../../src/replace-file.ts";
import { type TestProject, collect, createProject, freePort } from "../studio.ts";
import { type Front, fronts, placeFront } from "./fronts.ts";
import { testImage } from "./images.ts";

/** A stack of application, proxy and a service with a volume, deployed as `production`. */
export interface StackProject extends TestProject {
  /** The Compose project's name. */
  stack: string;
  /** Where it is met by TLS; 0 where it is not. */
  tlsPort: number;
  /** Writes the compose file with these variables of the application. */
  configure(application: Record<string, string>): void;
  /** Writes it with another proxy, or none. */
  putBehind(front: Front | null): void;
  /** Ids of a release's containers, whether they run or not. */
  containersOf(release: string): string[];
  /** Names of the stack's containers that run. */
  running(): string[];
}

/** By default the watch is as short as it can be and still look, and patience as on a busy machine. */
export const stackSettings = ({ watch = "1s", timeout = "30s", drain = "3s" } = {}): string => `
name: test
environments:
  production: { target: compose }
deploy:
  health: { passes: 1, timeout: ${timeout} }
  watch: { for: ${watch}, thresholds: ["errors<1%"] }
  drain: ${drain}
  keepReleases: 2
`;

export interface StackOptions {
  /** Settings added to those of the tests. */
  more?: string;
  /** The service with the volume is a PostgreSQL server. */
  database?: boolean;
  /** Null: the application publishes the port itself. */
  front?: Front | null;
  /** nginx is met by TLS too. */
  tls?: boolean;
  /** Whether the engine starts containers again. */
  restart?: "no" | "unless-stopped" | "always";
  /** How often the application's health is looked at. */
  interval?: string;
  /** How long a release is looked on at. */
  watch?: string;
}

export async function createStackProject(options: StackOptions = {}): Promise<StackProject> {
  const {
    more = "",
    database = false,
    front = fronts.nginx,
    restart = "no",
    interval = "1s",
    tls = false,
    watch = "1s",
  } = options;
  const directory = mkdtempSync(join(tmpdir(), "studio-stack-"));
  const project = await createProject(`${stackSettings({ watch })}${more}`, directory);
  const port = await freePort();
  const tlsPort = tls ? await freePort() : 0;
  if (tls) placeTls(directory);
  const stack = directory.slice(directory.lastIndexOf("/") + 1).toLowerCase();
  // The home of the tests is their folder; Docker's plugins lie in that of the user.
  const configuration = process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  const engine = process.env["DOCKER_HOST"];
  const env = {
    STUDIO_ENV: "production",
    DOCKER_CONFIG: configuration,
    ...(engine === undefined ? {} : { DOCKER_HOST: engine }),
  };
  const start: TestProject["start"] = (argv, others) => project.start(argv, { ...env, ...others });
  let shape = frontShape(directory, { port, tlsPort }, front);
  const configure = (application: Record<string, string>) =>
    project.write(
      "compose.yaml",
      composeFile({ stack, ...shape, application, database, restart, interval }),
    );
  configure({});
  return {
    ...project,
    stack,
    port,
    tlsPort,
    url: `http://127.0.0.1:${port}`,
    start,
    studio: (argv, others) => collect(start(argv, others)),
    configure,
    putBehind(front) {
      shape = frontShape(directory, { port, tlsPort }, front);
      configure({});
    },
    containersOf(release) {
      const filters = [`com.docker.compose.project=${stack}`, `studio.release=${release}`];
      const argv = ["ps", "-aq", ...filters.flatMap((one) => ["--filter", `label=${one}`])];
      return lines(execFileSync("docker", argv, { encoding: "utf8" }));
    },
    running: () => namesOf(stack, ["ps"]),
    async remove() {
      const all = namesOf(stack, ["ps", "-a"]);
      if (all.length > 0) spawnSync("docker", ["rm", "-f", "-v", ...all]);
      for (const kind of ["network", "volume"]) {
        const own = idsOf(kind, stack);
        if (own.length > 0) spawnSync("docker", [kind, "rm", ...own]);
      }
      const tags = tagsOf(`studio/${stack}/*`);
      if (tags.length > 0) spawnSync("docker", ["image", "rm", ...tags]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function frontShape(
  directory: string,
  { port, tlsPort }: { port: number; tlsPort: number },
  front: Front | null,
): Pick<StackShape, "proxy" | "direct"> {
  const ports = [`127.0.0.1:${port}:${front === null ? 8000 : 80}`];
  if (front === null) return { proxy: null, direct: { ports } };
  const proxy = placeFront(directory, front);
  if (tlsPort === 0) return { proxy: { ...proxy, ports }, direct: {} };
  return {
    proxy: {
      ...proxy,
      volumes: [...front.service.volumes, "./certificates:/certificates:ro"],
      ports: [...ports, `127.0.0.1:${tlsPort}:443`],
    },
    direct: {},
  };
}

/**
 * Shows nginx another certificate, once it is told. As new files, which a renewal writes too: nginx
 * keeps what it read of a file that is the same one, written in the same second.
 */
export function writeCertificate(directory: string, { certificate, key }: Certificate): void {
  mkdirSync(join(directory, "certificates"), { recursive: true });
  replaceFile(join(directory, "certificates", "fullchain.pem"), certificate);
  replaceFile(join(directory, "certificates", "privkey.pem"), key);
}

function placeTls(directory: string): void {
  writeCertificate(directory, selfSignedCertificate("localhost", new Date()));
  mkdirSync(join(directory, "conf.d"), { recursive: true });
  writeFileSync(join(directory, "conf.d", "tls.conf"), tlsServer);
}

const tlsServer = `
server {
  listen 443 ssl;
  ssl_certificate /certificates/fullchain.pem;
  ssl_certificate_key /certificates/privkey.pem;
  location / { proxy_pass http://studio_api; }
}
`;

function namesOf(stack: string, words: string[]): string[] {
  const filter = `label=com.docker.compose.project=${stack}`;
  const argv = [...words, "--filter", filter, "--format", "{{.Names}}"];
  return lines(execFileSync("docker", argv, { encoding: "utf8" })).toSorted();
}

function idsOf(kind: string, stack: string): string[] {
  const argv = [kind, "ls", "-q", "--filter", `label=com.docker.compose.project=${stack}`];
  return lines(execFileSync("docker", argv, { encoding: "utf8" }));
}

function tagsOf(pattern: string): string[] {
  const argv = ["image", "ls", "--filter", `reference=${pattern}`];
  const format = ["--format", "{{.Repository}}:{{.Tag}}"];
  return lines(execFileSync("docker", [...argv, ...format], { encoding: "utf8" }));
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

interface StackShape {
  stack: string;
  /** The service in front of the application; null: none. */
  proxy: object | null;
  /** What the application has where there is none. */
  direct: object;
  application: Record<string, string>;
  database: boolean;
  restart: string;
  interval: string;
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

function composeFile({ proxy, direct, ...shape }: StackShape): string {
  const { stack, application, database, restart, interval } = shape;
  const environment = { BOOT_MS: "200", ABRUPT: "1", ...application };
  const check =
    "fetch('http://127.0.0.1:8000/health/ready').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))";
  return JSON.stringify({
    name: stack,
    services: {
      api: {
        image: testImage("app"),
        restart,
        environment,
        labels: { "studio.switch": "true" },
        expose: ["8000"],
        ...direct,
        healthcheck: {
          test: ["CMD", "node", "-e", check],
          interval,
          timeout: "10s",
          retries: 2,
        },
      },
      db: database
        ? { image: testImage("postgres"), restart, ...server }
        : { image: testImage("app"), restart, ...idle },
      ...(proxy === null ? {} : { proxy: { ...proxy, restart } }),
    },
    volumes: { data: {} },
  });
}
