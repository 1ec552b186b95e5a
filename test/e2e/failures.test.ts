import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  type RunResult,
  type TestProject,
  createProject,
  quickSettings,
} from "../support/studio.ts";

let project: TestProject;
let first: string;

beforeAll(async () => {
  project = await createProject();
  const { stdout, exitCode } = await project.studio(["deploy", "--json"]);
  expect(exitCode).toBe(0);
  first = JSON.parse(stdout).result.release;
}, 180_000);

afterEach(() => {
  project.write("studio.yaml", quickSettings);
  for (const folder of ["models", "migrations"]) {
    rmSync(join(project.directory, folder), { recursive: true, force: true });
  }
});

afterAll(() => project.remove(), 180_000);

async function expectFirstServes(): Promise<void> {
  const answer = await fetch(`${project.url}/health/ready`);
  expect(answer.headers.get("x-studio-release")).toBe(first);
  const { result } = JSON.parse((await project.studio(["status", "--json"])).stdout);
  expect(result.serving).toMatchObject({ release: first, state: "serving" });
  expect(result.operation).toBeNull();
}

function expectFailure(result: RunResult, exitCode: number, ...words: (string | RegExp)[]): void {
  expect(result.exitCode, result.stderr).toBe(exitCode);
  for (const word of words) expect(result.stderr).toMatch(word);
  expect(result.stderr).toMatch(/^next: /m);
}

test("a release that never becomes healthy is undone, and its last lines are told", async () => {
  mkdirSync(join(project.directory, "models", "broken", "1"), { recursive: true });
  writeFileSync(join(project.directory, "models", "broken", "1", "model.onnx"), "no model");
  project.write("studio.yaml", quickSettings.replace("passes: 1", "passes: 1, timeout: 4s"));
  expectFailure(await project.studio(["deploy"]), 5, /healthy/, /undone/);
  await expectFirstServes();
}, 180_000);

test("a migration that throws half-way leaves the schema as it was", async () => {
  mkdirSync(join(project.directory, "migrations"));
  project.write(
    "migrations/20261122T000000Z-half.ts",
    `export const allow = ["hidden"];
     export async function up(knex) {
       await knex.schema.createTable("half", (table) => table.increments());
       throw new Error("half-way");
     }
     export async function down() {}\n`,
  );
  expectFailure(await project.studio(["deploy"]), 5, /half-way/, /20261122T000000Z-half/);
  await expectFirstServes();
  const { result } = JSON.parse((await project.studio(["migrate", "status", "--json"])).stdout);
  expect(result.pending).toHaveLength(1);
}, 180_000);

test("a release that misses its gate is undone", async () => {
  project.write("studio.yaml", quickSettings.replace('"errors<1%"', '"p95<0.001ms"'));
  expectFailure(await project.studio(["deploy"]), 5, /gate/, /p95<0\.001ms/);
  await expectFirstServes();
}, 180_000);

test("a port that another program holds is refused before anything changes", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const result = await project.studio(["deploy"], { API_PORT: String(port) });
  server.close();
  expectFailure(result, 8, new RegExp(String(port)), /Another program/);
  await expectFirstServes();
}, 180_000);

test.for(["prepare/contents", "backup/snapshot", "start/spawn", "record/ledger"])(
  "a disk that fills up at %s is told, and everything is undone",
  { timeout: 180_000 },
  async (point) => {
    const result = await project.studio(["deploy"], { STUDIO_FAULT: `fail:${point}:before` });
    expectFailure(result, 5, /disk is full/);
    await expectFirstServes();
  },
);

test("a broken studio.yaml is told with its lines, and nothing changes", async () => {
  project.write("studio.yaml", "name: test\ndeploi: {}\nbackup:\n  sets: 3\n");
  expectFailure(await project.studio(["deploy"]), 2, /studio\.yaml:2/, /studio\.yaml:4/);
  project.write("studio.yaml", quickSettings);
  await expectFirstServes();
}, 180_000);

test("a model whose file cannot be read is a configuration error", async () => {
  mkdirSync(join(project.directory, "models", "empty", "1"), { recursive: true });
  project.write("models/empty/1/config.yaml", "task: [broken");
  writeFileSync(join(project.directory, "models", "empty", "1", "model.onnx"), "x");
  expectFailure(await project.studio(["deploy"]), 2, /config\.yaml/);
  await expectFirstServes();
}, 180_000);

test("of two deploys at once, one is told who holds the lock", async () => {
  const [a, b] = await Promise.all([project.studio(["deploy"]), project.studio(["deploy"])]);
  const refused = a.exitCode === 0 ? b : a;
  expect(a.exitCode === 0 ? b.exitCode : a.exitCode).toBe(7);
  expect(a.exitCode === 0 || b.exitCode === 0).toBe(true);
  expectFailure(refused, 7, /locked by .+ \(process \d+\)/, /--lock-wait/);
}, 180_000);

test("a ledger of garbage is refused and left as it is", async () => {
  await project.studio(["down"]);
  const file = join(project.directory, ".studio", "state.db");
  const { readFileSync, renameSync, rmSync } = await import("node:fs");
  renameSync(file, `${file}.good`);
  for (const end of ["-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
  writeFileSync(file, "garbage ".repeat(1000));
  expectFailure(await project.studio(["deploy"]), 8, /state\.db/);
  expect(readFileSync(file, "utf8")).toBe("garbage ".repeat(1000));
  renameSync(`${file}.good`, file);
}, 180_000);
