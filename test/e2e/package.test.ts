import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunResult, collect, freePort, quickSettings } from "../support/studio.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "studio-package-"));
const app = join(folder, "app");
const env = {
  PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  HOME: folder,
  API_PORT: String(await freePort()),
  // A dependency would fetch files for graphics cards.
  ONNXRUNTIME_NODE_INSTALL: "skip",
  npm_config_cache: process.env["npm_config_cache"] ?? join(process.env["HOME"] ?? "", ".npm"),
};
const url = `http://127.0.0.1:${env.API_PORT}`;

let tarball = "";
const unavailable = await packAndInstall();
if (unavailable !== null) process.stderr.write(`package tests skipped: ${unavailable}\n`);

/** Packs the project and installs it into an empty folder; tells why that is not possible. */
async function packAndInstall(): Promise<string | null> {
  tarball = await pack(root);
  mkdirSync(app);
  writeFileSync(join(app, "studio.yaml"), quickSettings);
  return install(tarball);
}

async function pack(directory: string, ...options: string[]): Promise<string> {
  const argv = ["pack", "--json", "--pack-destination", folder, ...options];
  const { exitCode, stdout, stderr } = await npm(argv, directory);
  expect(exitCode, stderr).toBe(0);
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>);
  return join(folder, packed?.filename ?? "");
}

async function install(file: string): Promise<string | null> {
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
  const { exitCode, stderr } = await npm(["install", ...options, file], app);
  if (exitCode === 0) return null;
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENOTCACHED|ETIMEDOUT/.exec(stderr);
  if (offline === null) throw new Error(`The package cannot be installed:\n${stderr}`);
  return `its dependencies cannot be fetched (${offline[0]})`;
}

function npm(argv: readonly string[], cwd: string): Promise<RunResult> {
  return collect(spawn("npm", [...argv], { cwd, env, stdio: ["ignore", "pipe", "pipe"] }));
}

function studio(...argv: string[]): Promise<RunResult> {
  const binary = join(app, "node_modules", ".bin", "studio");
  return collect(spawn(binary, argv, { cwd: app, env, stdio: ["ignore", "pipe", "pipe"] }));
}

async function result(...argv: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, exitCode } = await studio(...argv, "--json");
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout).result as Record<string, unknown>;
}

async function servedVersion(): Promise<unknown> {
  const answer = await fetch(`${url}/health`, { headers: { connection: "close" } });
  return ((await answer.json()) as { version: unknown }).version;
}

/** The same package under a higher version. */
async function nextVersion(): Promise<string> {
  const copy = join(folder, "next");
  mkdirSync(copy);
  spawnSync("tar", ["xzf", tarball, "-C", copy]);
  const file = join(copy, "package", "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...manifest, version: "999.0.0" }));
  return pack(join(copy, "package"), "--ignore-scripts");
}

afterAll(async () => {
  if (unavailable === null) await studio("down", "--lock-wait", "30s");
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe("the packed project", () => {
  test("holds what runs, and no sources, tests or build scripts", () => {
    const { stdout } = spawnSync("tar", ["tzf", tarball], { encoding: "utf8" });
    const files = stdout.trim().split("\n");
    const folders = new Set(files.map((file) => file.split("/")[1] ?? ""));
    expect([...folders].toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "bin",
      "completions",
      "dist",
      "package.json",
      "templates",
    ]);
    expect(files.filter((file) => file.endsWith(".ts") || file.includes("/build/"))).toEqual([]);
    expect(files.filter((file) => file.includes("packaging"))).toEqual([]);
    expect(files).toContain("package/dist/src/inference/bundled/language/model.onnx");
  });

  test("says what is needed under an older Node.js, with exit code 8", () => {
    const launcher = join(app, "node_modules", "@selfhosted-ai", "studio", "bin", "studio.js");
    const text = readFileSync(
      unavailable === null ? launcher : join(root, "bin", "studio.js"),
      "utf8",
    );
    // Only the version differs: an older Node.js cannot be counted on to be here.
    const older = text.replaceAll("process.versions.node", '"20.0.0"');
    const file = join(folder, "older.mjs");
    writeFileSync(file, older);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, "status", "--json"], {
      encoding: "utf8",
    });
    expect(status).toBe(8);
    expect(stderr).toContain("studio needs Node.js 24.15 or later; this is 20.0.0.");
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exitCode: 8, result: null });
  });
});

describe.skipIf(unavailable !== null)("the installed package", () => {
  beforeAll(async () => {
    const deployed = await studio("deploy");
    expect(deployed.exitCode, deployed.stderr).toBe(0);
  }, 120_000);

  test("deploys a studio that answers", async () => {
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await result("status")).toMatchObject({ serving: { state: "serving" } });
  });

  test("has its migrations applied and its backup taken", async () => {
    expect(await result("migrate", "status")).toMatchObject({ pending: [], problems: [] });
    expect(await result("backup", "list")).toHaveLength(1);
  });

  test("runs its load tests and completes its words", async () => {
    const bench = await studio("bench", "--duration", "300ms", "--json");
    expect([0, 4, 9], bench.stderr).toContain(bench.exitCode);
    expect((await studio("completion", "bash")).stdout).toContain("_studio");
    expect((await studio("--help")).stdout).toContain("deploy");
  });

  test("is rolled back to the code of the version before", async () => {
    const before = await servedVersion();
    expect(await install(await nextVersion())).toBeNull();
    expect((await studio("deploy")).exitCode).toBe(0);
    expect(await servedVersion()).toBe("999.0.0");
    const back = await studio("rollback", "--yes");
    expect(back.exitCode, back.stderr).toBe(0);
    expect(await servedVersion()).toBe(before);
  }, 120_000);

  test("leaves no process behind when it is taken down", async () => {
    expect((await studio("down")).exitCode).toBe(0);
    const lines = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => commandLine(pid));
    expect(lines.filter((line) => line.includes(app))).toEqual([]);
  });
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
