import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { readVariablesFile } from "../../../src/config/variables.ts";
import { packageVersion } from "../../../src/package-root.ts";
import { type TestProject, collect, createProject, freePort } from "../studio.ts";
import { packBundled } from "./bundled-package.ts";
import { type TestImage, testImage } from "./images.ts";

/** What `studio init --stack` writes, with images that are made of Debian's packages. */
export interface RenderedProject extends TestProject {
  domain: string;
  ports: { http: number; https: number; prometheus: number; alertmanager: number };
  /** Of `.env.production`. */
  variables: Record<string, string>;
  /** Containers that run, with their health: `healthy`, or what they have instead. */
  health(): Record<string, string>;
  volumes(): string[];
  remove(): Promise<void>;
}

/** An image of each service, of the same name where it is not told. */
const images: Readonly<Record<string, TestImage>> = {
  postgres: "postgres",
  redis: "redis",
  nginx: "nginx",
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  "node-exporter": "node-exporter",
  "postgres-exporter": "postgres-exporter",
  "redis-exporter": "redis-exporter",
};

export async function createRenderedStack(domain: string): Promise<RenderedProject> {
  const directory = mkdtempSync(join(tmpdir(), "studio-rendered-"));
  const name = basename(directory).toLowerCase();
  const project = await createProject("", directory);
  const env = {
    STUDIO_ENV: "production",
    DOCKER_CONFIG: process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker"),
  };
  const start: TestProject["start"] = (argv, more) => project.start(argv, { ...env, ...more });
  const ports = {
    http: await freePort(),
    https: await freePort(),
    prometheus: await freePort(),
    alertmanager: await freePort(),
  };
  const init = ["init", "--stack", "--name", name, "--domain", domain, "--yes"];
  const { exitCode, stderr } = await collect(start(init));
  if (exitCode !== 0) throw new Error(stderr);
  const tarball = `selfhosted-ai-studio-${packageVersion()}.tgz`;
  packBundled(join(directory, "stack", "api", tarball));
  writeFileSync(join(directory, "compose.here.yaml"), overrides(ports, tarball));
  // As many processors as any machine has.
  appendFileSync(join(directory, ".env.production"), "API_CPUS=1\nAPI_WORKERS=1\n");
  settle(join(directory, "studio.yaml"));
  const owned = ["--filter", `label=com.docker.compose.project=${name}`];
  const list = (...argv: string[]) =>
    execFileSync("docker", [...argv, ...owned], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean);
  return {
    ...project,
    domain,
    ports,
    url: `https://127.0.0.1:${ports.https}`,
    variables: readVariablesFile(directory, ".env.production").values,
    start,
    studio: (argv, more) => collect(start(argv, more)),
    health: () =>
      Object.fromEntries(list("ps", "--format", "{{.Names}}\t{{.Status}}").map(standing)),
    volumes: () => list("volume", "ls", "-q"),
    async remove() {
      const all = list("ps", "-aq");
      if (all.length > 0) spawnSync("docker", ["rm", "-f", "-v", ...all]);
      for (const kind of ["network", "volume"]) {
        const own = list(kind, "ls", "-q");
        if (own.length > 0) spawnSync("docker", [kind, "rm", ...own]);
      }
      const argv = ["image", "ls", "-q", "--filter", `reference=studio/${name}/*`];
      const tags = execFileSync("docker", argv, { encoding: "utf8" }).split("\n").filter(Boolean);
      if (tags.length > 0) spawnSync("docker", ["image", "rm", "-f", ...new Set(tags)]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function standing(line: string): [string, string] {
  const [name = "", status = ""] = line.split("\t");
  const service = /^.*?[-_](.*)[-_]\d+$/.exec(name.replace(/^studio-rendered-/, ""))?.[1] ?? name;
  return [service, /\((\S+)\)/.exec(status)?.[1] ?? status];
}

/** The stack as it is, but for images and ports. Grafana is in no archive of Debian's. */
function overrides(ports: RenderedProject["ports"], tarball: string): string {
  const services = Object.entries(images).map(
    ([service, image]) => `  ${service}:\n    image: ${testImage(image)}\n`,
  );
  const here = services.map(
    (text) => text + (portsOf(ports)[text.trim().split(":")[0] ?? ""] ?? ""),
  );
  return `services:
  api:
    build:
      args: { BASE: "${testImage("node")}", STUDIO_TARBALL: ${tarball} }
  grafana:
    profiles: !override [left-out]
${here.join("")}`;
}

function portsOf({ http, https, prometheus, alertmanager }: RenderedProject["ports"]) {
  const published = (...all: string[]) => `    ports: !override ${JSON.stringify(all)}\n`;
  const texts: Record<string, string> = {
    nginx: published(`127.0.0.1:${http}:8080`, `127.0.0.1:${https}:8443`),
    prometheus: published(`127.0.0.1:${prometheus}:9090`),
    alertmanager: published(`127.0.0.1:${alertmanager}:9093`),
    // Where the machine's root is not shared, as without systemd, no mount can follow it.
    "node-exporter": '    volumes: ["/:/host:ro"]\n',
  };
  return texts;
}

/** Load test and watch as short as they can be, and whatever time a busy machine takes. */
function settle(file: string): void {
  const text = readFileSync(file, "utf8")
    .replace("compose.logging.yaml]", "compose.here.yaml]")
    .replace(/gate: \{ .*\}/, 'gate: { duration: 1s, thresholds: ["errors<1%"] }')
    .replace("watch: { for: 60s", "watch: { for: 2s");
  writeFileSync(file, text);
}
