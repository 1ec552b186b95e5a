import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseDatabaseUrl } from "../../src/database/address.ts";
import { connectDatabase } from "../../src/database/connect.ts";
import { divide, divisionModel, writeModel } from "../support/crashing-model.ts";
import { rounds } from "../support/every.ts";
import { type TestMysql, startMysql } from "../support/mysql.ts";
import { type TestPostgres, startPostgres } from "../support/postgres.ts";
import { until } from "../support/processes.ts";
import { type ServedFolder, startServe, startUpPatience } from "../support/serve.ts";
import { createVectorTables } from "../support/vector-migrations.ts";

let postgres: TestPostgres | null = null;
let mysql: TestMysql | null = null;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [postgres, mysql] = await Promise.all([startPostgres(), startMysql()]);
});

afterAll(async () => {
  await Promise.all([postgres?.stop(), mysql?.stop()]);
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Undefined: what `studio serve` makes by itself; null where the server is not installed. */
async function databaseOf(dialect: string): Promise<string | undefined | null> {
  if (dialect === "sqlite") return undefined;
  const url = dialect === "postgres" ? await postgres?.createDatabase() : mysql?.createDatabase();
  if (url === undefined) return null;
  const database = await connectDatabase(parseDatabaseUrl(url, "/"));
  await createVectorTables(database);
  await database.destroy();
  return url;
}

async function serveOn(url: string | undefined): Promise<ServedFolder> {
  const served = await startServe(
    url === undefined
      ? {}
      : {
          env: { DATABASE_URL: url },
          settings: "database: { url: { env: DATABASE_URL } }\n",
        },
  );
  closing.push(() => served.remove());
  return served;
}

const items = "/api/v1/vector/collections/kept/items";

/** Writes pairs from several clients until nobody answers; tells the acknowledged numbers. */
async function writeUntilKilled(served: ServedFolder, from: number): Promise<number[]> {
  const acknowledged: number[] = [];
  let next = from;
  const client = async (): Promise<void> => {
    for (;;) {
      const number = next++;
      const pair = ["a", "b"].map((side) => ({ id: `${number}-${side}`, vector: [number, 1] }));
      const answer = await served.ask("POST", items, { items: pair }).catch(() => null);
      if (answer === null) return;
      if (answer.status === 201) acknowledged.push(number);
    }
  };
  const clients = [client(), client(), client()];
  await until("some are acknowledged", () => acknowledged.length >= 10, startUpPatience);
  await served.end("SIGKILL");
  await Promise.all(clients);
  return acknowledged;
}

describe.each(["sqlite", "postgres", "mysql"])("a daemon on %s that is killed", (dialect) => {
  test("has every write that it acknowledged, and no half of one", async () => {
    const url = await databaseOf(dialect);
    if (url === null) return;
    const served = await serveOn(url);
    const made = await served.ask("PUT", "/api/v1/vector/collections/kept", { dimension: 2 });
    expect(made.status).toBe(201);
    const acknowledged: number[] = [];
    for (let round = 0; round < rounds(2, 20); round++) {
      acknowledged.push(...(await writeUntilKilled(served, round * 10_000)));
      await served.start();
      const search = { collection: "kept", vector: [1, 0], top_k: 1000 };
      const { body } = await served.ask("POST", "/api/v1/vector/search", search);
      const found = new Set((body["results"] as { id: string }[]).map(({ id }) => id));
      for (const number of acknowledged.slice(-400)) {
        expect(found, `${number}`).toContain(`${number}-a`);
        expect(found, `${number}`).toContain(`${number}-b`);
      }
      const halves = [...found].filter((id) => {
        const [number, side] = id.split("-");
        return !found.has(`${number}-${side === "a" ? "b" : "a"}`);
      });
      expect(halves).toEqual([]);
    }
  }, 900_000);
});

describe("a model's file that is damaged or replaced while it is served", () => {
  test("changes nothing until it is loaded again; a broken one is refused and told", async () => {
    const served = await startServe({
      prepare: (directory) => writeModel(directory, "division", divisionModel(0)),
    });
    closing.push(() => served.remove());
    const file = join(served.directory, "models/division/1/model.onnx");
    const quotient = async (): Promise<unknown> => {
      const { body } = await served.ask("POST", "/v2/models/division/infer", divide(12, 3));
      return (body["outputs"] as { data: number[] }[] | undefined)?.[0]?.data[0];
    };
    const entry = async (): Promise<unknown> => {
      const { body } = await served.ask("POST", "/v2/repository/index", {});
      return (body as unknown as { name: string }[]).find(({ name }) => name === "division");
    };
    await until("it is served", async () => (await quotient()) === 6, startUpPatience);
    truncateSync(file, 100);
    expect(await quotient()).toBe(6);
    const load = "/v2/repository/models/division/load";
    expect((await served.ask("POST", load, {})).status).toBe(422);
    expect(await entry()).toMatchObject({
      state: "READY",
      reason: expect.stringMatching(/protobuf/i) as string,
    });
    expect(await quotient()).toBe(6);
    expect((await served.ask("GET", "/health/ready")).status).toBe(200);
    // In place, and not by renaming: the process may have the old file open.
    writeFileSync(file, divisionModel(12));
    expect(await quotient()).toBe(6);
    expect((await served.ask("POST", load, {})).status).toBe(200);
    expect(await quotient()).toBe(12);
    expect(await entry()).toMatchObject({ state: "READY", reason: "" });
    truncateSync(file, 100);
    await served.end("SIGKILL");
    await served.start();
    expect(await entry()).toMatchObject({
      state: "UNAVAILABLE",
      reason: expect.stringMatching(/protobuf/i) as string,
    });
    expect((await served.ask("GET", "/health")).body).toMatchObject({
      status: "unhealthy",
      components: { models: { status: "unhealthy" }, database: { status: "healthy" } },
    });
    const question = { task: "language", text: "what is this" };
    expect((await served.ask("POST", "/api/v1/text/process", question)).status).toBe(200);
  }, 600_000);
});
