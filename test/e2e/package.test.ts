import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesOf, until } from "../support/processes.ts";
import { type RunResult, binary, collect, freePort, quickSettings } from "../support/studio.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "studio-package-"));
const app = join(folder, "app");
const unpacked = join(folder, "unpacked");

const searched = [dirname(process.execPath), ...(process.env["PATH"] ?? "").split(delimiter)];
const env = {
  PATH: searched.join(delimiter),
  HOME: folder,
  TMPDIR: folder,
  API_PORT: String(await freePort()),
};
const url = `http://127.0.0.1:${env.API_PORT}`;

/** How a registry is reached from here; not what an `npm test` around this says of the clone. */
const ofRegistry = /^(home|.*_proxy|node_extra_ca_certs|npm_config_(registry|cache|userconfig))$/i;
const npmEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => ofRegistry.test(name))),
  PATH: env.PATH,
};

const tarball = await pack(root, "packed");
spawnSync("tar", ["xzf", tarball, "-C", emptyFolder("unpacked")]);
const files = readdirSync(unpacked, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(join(unpacked, "package/").length));
emptyFolder("app");
const unavailable = await install(tarball);
if (unavailable !== null) process.stderr.write(`package tests skipped: ${unavailable}\n`);

function emptyFolder(name: string): string {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

async function pack(directory: string, name: string, ...options: string[]): Promise<string> {
  const argv = ["pack", "--json", "--pack-destination", emptyFolder(name), ...options];
  const { exitCode, stderr } = await npm(argv, directory);
  expect(exitCode, stderr).toBe(0);
  const [file = ""] = readdirSync(join(folder, name));
  return join(folder, name, file);
}

/** Installs as the README says; tells why that is not possible. */
async function install(file: string): Promise<string | null> {
  const quick = ["--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=0"];
  const argv = ["install", "--prefix", app, "--ignore-scripts", ...quick, file];
  const { exitCode, stderr } = await npm(argv, app);
  if (exitCode === 0) return null;
  const offline = /\b(E(NOTFOUND|AI_AGAIN|CONN\w+|NOTCACHED|(NET|HOST)UNREACH))\b|\w*TIMEDOUT/;
  const reason = offline.exec(stderr);
  if (reason === null) throw new Error(`The package cannot be installed:\n${stderr}`);
  return `its dependencies cannot be fetched (${reason[0]})`;
}

function npm(argv: readonly string[], cwd: string): Promise<RunResult> {
  return collect(spawn("npm", [...argv], { cwd, env: npmEnv, stdio: ["ignore", "pipe", "pipe"] }));
}

function studio(...argv: string[]): Promise<RunResult> {
  return run(join(app, "node_modules", ".bin", "studio"), argv);
}

function run(program: string, argv: readonly string[], cwd = app): Promise<RunResult> {
  return collect(spawn(program, [...argv], { cwd, env, stdio: ["ignore", "pipe", "pipe"] }));
}

async function result(...argv: string[]): Promise<unknown> {
  const { stdout, stderr, exitCode } = await studio(...argv, "--json");
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as { result: unknown }).result;
}

/** What the code that serves says of itself, and what its release's record says. */
async function served(): Promise<{ code: string | null; version: unknown }> {
  const answer = await fetch(`${url}/health`, { headers: { connection: "close" } });
  const { version } = (await answer.json()) as { version: unknown };
  return { code: answer.headers.get("x-code"), version };
}

/** The package under a higher version, with code that sends one header more. */
async function nextVersion(): Promise<string> {
  const manifest = join(unpacked, "package", "package.json");
  const fields = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
  writeFileSync(manifest, JSON.stringify({ ...fields, version: "999.0.0" }));
  const header = '"x-content-type-options": "nosniff",';
  const joined = join(unpacked, "package", "dist", "src", "joined");
  const texts = readdirSync(joined).map((name) => join(joined, name));
  const code = texts.find((file) => readFileSync(file, "utf8").includes(header)) ?? "";
  writeFileSync(code, readFileSync(code, "utf8").replace(header, `${header} "x-code": "next",`));
  return pack(join(unpacked, "package"), "next", "--ignore-scripts");
}

/** A Node.js on this machine that studio cannot run on, if there is one. */
function olderNode(): string | null {
  for (const place of searched) {
    const program = join(place, "node");
    if (!existsSync(program)) continue;
    const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
    if (Number(/^v(\d+)/.exec(stdout)?.[1] ?? 99) < 24) return program;
  }
  return null;
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

afterAll(async () => {
  if (unavailable === null) await studio("down", "--lock-wait", "30s");
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

describe("the packed project", () => {
  test("holds what runs, and no sources, tests, corpora or build scripts", () => {
    const places = new Set(files.map((file) => file.split("/")[0]));
    expect(places).toEqual(
      new Set(["LICENSE", "README.md", "bin", "completions", "dist", "package.json", "templates"]),
    );
    expect(files.filter((file) => /\.(ts|map|jsonl|tsv|test\.js)$/.test(file))).toEqual([]);
    expect(files.filter((file) => /\/(build|packaging|test)\//.test(file))).toEqual([]);
    expect(files).toContain("dist/src/inference/bundled/language/model.onnx");
    expect(files).toContain("dist/src/inference/bundled/embedding/model.onnx");
    expect(files).toContain("dist/src/inference/bundled/embedding/tokenizer.json");
    expect(files).toContain("dist/src/inference/bundled/embedding/1_Pooling/config.json");
    expect(files).toContain("dist/src/inference/methods/keywords.md");
    expect(files).toContain("dist/src/inference/methods/sentiment.md");
    expect(files).toContain("dist/benchmarks/smoke.yaml");
    expect(files).toContain("dist/migrations/checksums.json");
    const kilobytes = Math.round(statSync(tarball).size / 1000);
    process.stdout.write(`${basename(tarball)}: ${files.length} files, ${kilobytes} kB\n`);
    // Half of it is the table of the embedding model.
    expect(kilobytes).toBeLessThan(4500);
  });

  test("holds no secret, and no path of the machine that built it", () => {
    const telling = [root, homedir(), "PRIVATE KEY-----", "_authToken"];
    const found = files.filter((file) => {
      const text = readFileSync(join(unpacked, "package", file), "latin1");
      return telling.some((words) => text.includes(words));
    });
    expect(found).toEqual([]);
    expect(files.filter((file) => /(^|\/)(\.|id_|.*\.(pem|key|db|log)$)/.test(file))).toEqual([]);
  });

  test("is the same to the byte when it is packed again", async () => {
    expect(sha256(await pack(root, "again"))).toBe(sha256(tarball));
  });
});

const older = olderNode();

describe("under an older Node.js", () => {
  const launcher = join(unpacked, "package", "bin", "studio.js");

  function refusal(program: string, file: string) {
    const { status, stdout, stderr } = spawnSync(program, [file, "status", "--json"], {
      encoding: "utf8",
    });
    return { status, stderr, document: JSON.parse(stdout) as unknown };
  }

  const document = { schema: "studio/v1", ok: false, exitCode: 8, result: null, warnings: [] };

  test("says what is needed and where it is had, with exit code 8", () => {
    const file = join(folder, "older.mjs");
    const text = readFileSync(launcher, "utf8");
    writeFileSync(file, text.replaceAll("process.versions.node", '"12.22.9"'));
    const { status, stderr, document: printed } = refusal(process.execPath, file);
    expect(status).toBe(8);
    expect(stderr).toBe(
      "error: studio needs Node.js 24.15 or later; this is 12.22.9.\n" +
        "next: Install Node.js 24 (https://nodejs.org/en/download), then type the same again.\n",
    );
    expect(printed).toMatchObject({ ...document, error: { code: "node.tooOld" } });
  });

  test.skipIf(older === null)("does so where there is one", () => {
    const { status, stderr, document: printed } = refusal(older ?? "", launcher);
    expect(status).toBe(8);
    expect(stderr).toContain("studio needs Node.js 24.15 or later");
    expect(printed).toMatchObject(document);
    expect(refusal(older ?? "", binary).stderr).toContain("npx studio");
  });
});

describe.skipIf(unavailable !== null)("the installed package", () => {
  beforeAll(async () => {
    writeFileSync(join(app, "studio.yaml"), quickSettings);
    const deployed = await run("npx", ["studio", "deploy"]);
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

  test("knows its migrations by the checksums that the clone knows them by", async () => {
    const inClone = await run(process.execPath, [binary, "migrate", "status", "--json"]);
    const inPackage = await studio("migrate", "status", "--json");
    expect(JSON.parse(inClone.stdout)).toEqual(JSON.parse(inPackage.stdout));
  });

  test("runs its load tests, completes its words and explains itself", async () => {
    const bench = await studio("bench", "--duration", "300ms", "--json");
    expect([0, 4, 9], bench.stderr).toContain(bench.exitCode);
    expect((await studio("completion", "bash")).stdout).toContain("_studio");
    expect((await studio("--help")).stdout).toContain("deploy");
  });

  test("writes a project to start from", async () => {
    const program = join(app, "node_modules", ".bin", "studio");
    const project = emptyFolder("project");
    expect((await run(program, ["init", "--name", "shop"], project)).exitCode).toBe(0);
    expect(readFileSync(join(project, "studio.yaml"), "utf8")).toContain("name: shop");
    expect((await run(program, ["config", "check"], project)).exitCode).toBe(0);
  });

  test("is rolled back to the code of the version before", async () => {
    const before = await served();
    expect(before.code).toBeNull();
    expect(await install(await nextVersion())).toBeNull();
    const deployed = await studio("deploy");
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    expect(await served()).toEqual({ code: "next", version: "999.0.0" });
    const back = await studio("rollback", "--yes");
    expect(back.exitCode, back.stderr).toBe(0);
    expect(await served()).toEqual(before);
  }, 120_000);

  test("runs a project's migrations in TypeScript, whatever its package.json says", async () => {
    // What `npm init` writes.
    writeFileSync(join(app, "package.json"), JSON.stringify({ type: "commonjs" }));
    const name = "20261121T010000Z-add-notes";
    const migrations = join(app, "migrations");
    mkdirSync(join(migrations, "names"), { recursive: true });
    writeFileSync(join(migrations, "names", "table.ts"), `export const table: string = "notes";\n`);
    writeFileSync(
      join(migrations, `${name}.ts`),
      `import type { Knex } from "knex";
      import { table } from "./names/table.ts";
      export const up = (knex: Knex) => knex.schema.createTable(table, (made) => made.string("text"));
      export const down = (knex: Knex) => knex.schema.dropTable(table);\n`,
    );
    const refused = await studio("migrate", "up");
    expect(refused.exitCode).toBe(2);
    const manifest = join(migrations, "package.json");
    expect(refused.stderr).toContain(`Write { "type": "module" } into ${manifest}`);
    writeFileSync(manifest, `{ "type": "module" }\n`);
    expect((await studio("migrate", "up")).exitCode).toBe(0);
    expect(await result("migrate", "status")).toMatchObject({ pending: [] });
  });

  test("leaves no process behind when it is taken down", async () => {
    expect(processesOf(app)).not.toEqual([]);
    expect((await studio("down")).exitCode).toBe(0);
    await until("no process is left", () => processesOf(app).length === 0);
  });
});
