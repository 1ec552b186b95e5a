import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import Database from "better-sqlite3";
import { type TestProject, createProject } from "../support/studio.ts";

/** Every point is killed at once; the short form takes every fifth one and alternates the way out. */
const every = Number(process.env["STUDIO_TEST_EVERY"] ?? 5);

let project: TestProject;
let points: string[];
let stop = false;
let failures: string[] = [];
let answered = 0;
let writer: Promise<void>;
const acknowledged: string[] = [];

beforeAll(async () => {
  project = await createProject();
  expect((await project.studio(["deploy"])).exitCode).toBe(0);
  await request("PUT", "/api/v1/vector/collections/kept", { dimension: 2 });
  const list = join(project.directory, "points");
  expect((await project.studio(["deploy"], { STUDIO_FAULT: `list:${list}` })).exitCode).toBe(0);
  points = readFileSync(list, "utf8").trim().split("\n");
  writer = keepWriting();
}, 120_000);

afterAll(async () => {
  stop = true;
  await writer;
  await project.remove();
}, 60_000);

describe("a deploy killed by SIGKILL", () => {
  test("has a point before and after every journal write and side effect", () => {
    expect(points.length).toBeGreaterThan(40);
    const ends = (suffix: string) => points.filter((point) => point.endsWith(suffix)).length;
    expect(ends(":before")).toBe(ends(":after"));
  });

  test("can be resumed or aborted from any point to one release that serves", async () => {
    for (let at = 1; at <= points.length; at += every) {
      for (const way of every === 1 ? ["resume", "abort"] : [at % 2 === 0 ? "resume" : "abort"]) {
        await killAndRecover(at, way);
      }
    }
  }, 3_600_000);

  test("lets the release before answer the whole time, and loses no write", async () => {
    stop = true;
    await writer;
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    const { collections } = (await (
      await fetch(`${project.url}/api/v1/vector/collections`)
    ).json()) as { collections: { name: string; items?: number; count?: number }[] };
    const kept = collections.find((one) => one.name === "kept");
    expect(kept?.items ?? kept?.count).toBe(acknowledged.length);
  });
});

async function killAndRecover(at: number, way: string): Promise<void> {
  const where = `${way} after a kill at ${points[at - 1]}`;
  const killed = await project.studio(["deploy"], { STUDIO_FAULT: `kill:${at}` });
  expect(killed.signal, `${where}: ${killed.stderr}`).toBe("SIGKILL");
  const unfinished = (await project.studio(["status", "--json"])).stdout;
  const { operation } = JSON.parse(unfinished).result as { operation: unknown };
  if (operation !== null) {
    const recovered = await project.studio([way, "--json"]);
    expect(recovered.exitCode, `${where}: ${recovered.stderr}`).toBe(0);
  }
  await expectOneRelease(where);
}

async function expectOneRelease(where: string): Promise<void> {
  const { result } = JSON.parse((await project.studio(["status", "--json"])).stdout) as {
    result: { serving: { release: string; state: string }; operation: unknown; schema: unknown };
  };
  expect(result.operation, where).toBeNull();
  expect(result.serving.state, where).toBe("serving");
  const answer = await fetch(`${project.url}/health/ready`, { headers: { connection: "close" } });
  expect(answer.headers.get("x-studio-release"), where).toBe(result.serving.release);
  expect(result.schema, where).toMatchObject({ pending: [], problems: [] });
  const folder = join(project.directory, ".studio");
  const run = join(folder, "run", "local", `127.0.0.1-${project.port}`);
  const release = result.serving.release;
  expect(readdirSync(run).toSorted(), where).toEqual(
    [`${release}.json`, `${release}.sock`, "supervisor.json", "supervisor.sock"].toSorted(),
  );
  expect(processesOf(project.directory), where).toHaveLength(2);
  expect(leftovers(join(folder, "releases")), where).toEqual([]);
  expect(leftovers(join(folder, "backups")), where).toEqual([]);
  expectFreeLock(join(folder, "locks", "local.db"), where);
}

function leftovers(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.(partial|building|tmp)\b|\.\d+\.(tmp|partial)$/.test(name));
}

function expectFreeLock(file: string, where: string): void {
  const database = new Database(file, { timeout: 0 });
  try {
    expect(() => database.exec("BEGIN EXCLUSIVE; ROLLBACK"), where).not.toThrow();
  } finally {
    database.close();
  }
}

/** Processes of studio that work for this project. */
function processesOf(directory: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes("__instance") || line.includes("__supervise"))
    .filter((line) => line.includes(directory));
}

async function keepWriting(): Promise<void> {
  while (!stop) {
    const id = `item-${acknowledged.length}-${answered}`;
    try {
      const answer = await request("POST", "/api/v1/vector/collections/kept/items", {
        items: [{ id, vector: [1, acknowledged.length] }],
      });
      answered += 1;
      if (answer.status === 201) acknowledged.push(id);
      else failures.push(`${answer.status} ${await answer.text()}`);
    } catch (error) {
      failures.push(String(error));
    }
    await sleep(20);
  }
}

function request(method: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${project.url}${path}`, {
    method,
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });
}
