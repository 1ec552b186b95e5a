import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findProgram } from "../programs.ts";

/** Images of the tests: each is the folder beside this file that its Dockerfile lies in. */
export const testImages = [
  "app",
  "nginx",
  "nginx-older",
  "haproxy",
  "caddy",
  "postgres",
  "swarm-node",
  // The rest is for the stack that `studio init --stack` writes.
  "node",
  "redis",
  "prometheus",
  "alertmanager",
  "node-exporter",
  "postgres-exporter",
  "redis-exporter",
] as const;

export type TestImage = (typeof testImages)[number];

/**
 * Why the tests with a real engine cannot run here; null when they can.
 * @throws Error where STUDIO_TEST_DOCKER says that they must
 */
export function noDocker(): string | null {
  const wish = process.env["STUDIO_TEST_DOCKER"];
  if (wish === "skip") return "STUDIO_TEST_DOCKER=skip";
  const missing = whatIsMissing();
  if (missing === null || wish !== "required") return missing;
  throw new Error(`${missing}; test/support/docker/engine.sh start has one on Debian`);
}

function whatIsMissing(): string | null {
  const version = spawnSync("docker", ["compose", "version"], { encoding: "utf8" });
  if (version.status !== 0) return "docker with its Compose plugin is not installed";
  const info = spawnSync("docker", ["info"], { encoding: "utf8" });
  return info.status === 0 ? null : "no Docker daemon answers";
}

/** What a skipped test says of itself. */
export const skipped = (reason: string | null): string =>
  reason === null ? "" : ` (skipped: ${reason})`;

/**
 * The tag of an image made of the packages of the machine's own Debian, so that no registry is
 * needed; built where it is not there yet, which takes some minutes the first time.
 */
export function testImage(name: TestImage): string {
  const folder = join(import.meta.dirname, name);
  const base = baseImage();
  const hash = createHash("sha256").update(base);
  for (const file of readdirSync(folder).toSorted()) hash.update(readFileSync(join(folder, file)));
  const tag = `studio-test-${name}:${hash.digest("hex").slice(0, 12)}`;
  if (isThere(tag)) return tag;
  const context = mkdtempSync(join(tmpdir(), "studio-test-image-"));
  try {
    cpSync(folder, context, { recursive: true });
    if (name === "app" || name === "node") cpSync(process.execPath, join(context, "node"));
    if (name === "node") cpSync(npmFolder(), join(context, "npm"), { recursive: true });
    // The machine's own network, whatever becomes of the engine's: packages are fetched over it.
    const options = ["--network", "host", "--build-arg", `BASE=${base}`];
    docker(["build", "-q", ...options, "-t", tag, context]);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return tag;
}

/** npm as a package, wherever this machine's lies. */
function npmFolder(): string {
  const program = findProgram("npm", "the production stack");
  if (program === null) throw new Error("the image of the API is made with npm");
  return dirname(dirname(realpathSync(program)));
}

/** A minimal Debian, of the release and from the sources that this machine itself uses. */
function baseImage(): string {
  const suite = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  if (suite === undefined) throw new Error("the test images are made on Debian");
  const tag = `studio-test-base:${suite}`;
  if (isThere(tag)) return tag;
  const sources = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"];
  const source = sources.find((file) => existsSync(file)) ?? sources[1] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "studio-test-base-"));
  try {
    const archive = join(folder, "base.tar");
    const options = ["--variant=minbase", "--include=ca-certificates,procps"];
    execFileSync("mmdebstrap", [...options, suite, archive, source], { stdio: "pipe" });
    docker(["import", archive, tag]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tag;
}

function isThere(tag: string): boolean {
  return spawnSync("docker", ["image", "inspect", tag]).status === 0;
}

function docker(argv: readonly string[]): void {
  execFileSync("docker", argv, { stdio: "pipe" });
}
