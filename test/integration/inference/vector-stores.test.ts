import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import { VectorStore, type VectorStoreOptions } from "../../../src/inference/vectors.ts";
import { rounds } from "../../support/every.ts";
import { startMysql, type TestMysql } from "../../support/mysql.ts";
import { startPostgres, type TestPostgres } from "../../support/postgres.ts";
import { randomFrom } from "../../support/random.ts";
import { searchPlainly } from "../../unit/inference/vectors/plain-search.ts";
import {
  createVectorTables,
  followVectorChanges,
  forgetVectorChanges,
} from "../../support/vector-migrations.ts";

let postgres: TestPostgres | null = null;
let mysql: TestMysql | null = null;
let folder = "";
const opened: { store: VectorStore; database: Knex }[] = [];

beforeAll(async () => {
  [postgres, mysql] = await Promise.all([startPostgres(), startMysql()]);
});

afterAll(async () => {
  await Promise.all([postgres?.stop(), mysql?.stop()]);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-vector-stores-"));
});

afterEach(async () => {
  for (const { store, database } of opened.splice(0)) {
    await store.close();
    await database.destroy();
  }
  await rm(folder, { recursive: true });
});

const dialects = ["sqlite", "postgres", "mysql"] as const;

/** Null where the server is not installed. */
async function createDatabase(dialect: (typeof dialects)[number]): Promise<string | null> {
  if (dialect === "sqlite") return `sqlite:${join(folder, "studio.db")}`;
  if (dialect === "postgres") return (await postgres?.createDatabase()) ?? null;
  return mysql?.createDatabase() ?? null;
}

async function open(url: string, options: Partial<VectorStoreOptions> = {}) {
  const database = await connectDatabase(parseDatabaseUrl(url, folder), { busyTimeout: 50 });
  const now = (): Date => new Date("2026-11-21T00:00:00Z");
  const store = new VectorStore(database, { now, threads: 1, ...options });
  opened.push({ store, database });
  return { store, database };
}

/** Two daemons on one migrated database. */
async function openTwo(dialect: (typeof dialects)[number]) {
  const url = await createDatabase(dialect);
  if (url === null) return null;
  const one = await open(url);
  await createVectorTables(one.database);
  const other = await open(url);
  return { url, one: one.store, other: other.store, database: one.database };
}

/** What the release before the numbered changes does to add items. */
async function putAsBefore(database: Knex, name: string, id: string, vector: number[]) {
  await database.transaction(async (transaction) => {
    await transaction("studio_collections").where({ name }).update({ revision: randomUUID() });
    const embedding = Buffer.from(Float32Array.from(vector).buffer);
    await transaction("studio_vectors")
      .insert({ collection: name, id, embedding, metadata: "{}", created_at: "before" })
      .onConflict(["collection", "id"])
      .merge();
  });
}

describe.each(dialects)("two stores on one %s database", (dialect) => {
  it("find in lockstep what the other has just added, replaced and deleted", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    const random = randomFrom(11);
    const below = (limit: number): number => random.below(limit);
    const items = new Map<string, number[]>();
    await both.one.create("shared", 3, "euclid");
    for (let round = 0; round < rounds(60, 600); round++) {
      const [writer, reader] = round % 2 === 0 ? [both.one, both.other] : [both.other, both.one];
      const batch = Array.from({ length: 1 + below(4) }, () => `Item ${below(40)}`);
      const ids = [...new Set(batch)];
      if (below(3) === 0) {
        const deleted = await writer.delete("shared", ids);
        expect(deleted.sort()).toEqual(ids.filter((id) => items.has(id)).sort());
        for (const id of ids) items.delete(id);
      } else {
        const changed = ids.map((id) => ({ id, vector: [below(9), below(9), below(9)] }));
        await writer.put("shared", changed);
        for (const { id, vector } of changed) items.set(id, vector);
      }
      const query = [below(9), below(9), below(9)];
      const { results } = await random.pick([reader, reader, writer]).search("shared", {
        vector: query,
        count: 7,
      });
      const expected = [...items].map(([id, vector]) => ({ id, vector, metadata: {} }));
      expect(results.map(({ id, score }) => ({ id, score }))).toEqual(
        searchPlainly(expected, query, "euclid", 7),
      );
    }
  });

  it("lose no change of concurrent writers", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    await both.one.create("shared", 2, "dot");
    const write = async (store: VectorStore, name: string): Promise<void> => {
      for (let round = 0; round < 12; round++) {
        const own = [{ id: `${name}-${round}`, vector: [round, 1] }];
        await store.put("shared", [...own, { id: "common", vector: [round, 1] }]);
        const { results } = await store.search("shared", { vector: [1, 0], count: 500 });
        expect(results.map(({ id }) => id)).toContain(`${name}-${round}`);
        if (round % 4 === 3) await store.delete("shared", [`${name}-${round - 1}`]);
      }
    };
    const writers = [both.one, both.other, both.one, both.other];
    await Promise.all(writers.map((store, index) => write(store, `writer-${index}`)));
    const expected = [0, 1, 2, 3].flatMap((writer) =>
      [0, 1, 3, 4, 5, 7, 8, 9, 11].map((round) => `writer-${writer}-${round}`),
    );
    for (const store of [both.one, both.other]) {
      const { results } = await store.search("shared", { vector: [1, 0], count: 500 });
      expect(results.map(({ id }) => id).sort()).toEqual([...expected, "common"].sort());
    }
  });

  it("see what a release before wrote, also between their own changes", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    const { one, other, database } = both;
    await database("studio_collections").insert({
      name: "old",
      dimension: 1,
      metric: "dot",
      revision: randomUUID(),
      created_at: "before",
    });
    const expected = new Set<string>();
    const check = async (): Promise<void> => {
      for (const store of [one, other]) {
        const { results } = await store.search("old", { vector: [1], count: 100 });
        expect(results.map(({ id }) => id).sort()).toEqual([...expected].sort());
      }
    };
    await check();
    for (let round = 0; round < 6; round++) {
      await putAsBefore(database, "old", `before-${round}`, [round]);
      expected.add(`before-${round}`);
      if (round % 2 === 0) await check();
      await one.put("old", [{ id: `after-${round}`, vector: [round] }]);
      expected.add(`after-${round}`);
      if (round % 3 === 0) await check();
    }
    await check();
    await one.delete("old", ["before-3"]);
    expected.delete("before-3");
    await check();
  });

  it("tell ids apart by every character, and keep text of any script", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    const ids = ["a", "A", "á", "a/b", "a%", "ä", "a\u0308", "日本", "😀", "a b", "'; --"];
    await both.one.create("texts", 1, "dot");
    await both.one.create("Texts", 1, "dot");
    const items = ids.map((id) => ({
      id,
      vector: [1],
      metadata: { id, nul: "\0", half: "\ud800" },
    }));
    await both.one.put("texts", items);
    const { results } = await both.other.search("texts", { vector: [1], count: 50 });
    expect(results.map(({ id }) => id)).toEqual(ids.toSorted());
    for (const { id, metadata } of results) {
      expect(metadata).toEqual({ id, nul: "\0", half: "\ud800" });
    }
    const listed: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = await both.other.page("texts", after, 3);
      listed.push(...page.map(({ id }) => id));
      after = page.at(-1)?.id ?? null;
      if (page.length < 3) break;
    }
    expect(listed.sort()).toEqual(ids.toSorted());
    expect(await both.one.delete("texts", ["A", "none", "\0", "\ud800"])).toEqual(["A"]);
    expect((await both.other.item("texts", "a")).metadata).toMatchObject({ id: "a" });
    await expect(both.other.item("texts", "A")).rejects.toMatchObject({
      code: "vector.item.missing",
    });
    expect((await both.other.find("Texts")).items).toBe(0);
  });

  it("follow a collection that is deleted and made again", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    for (let dimension = 1; dimension <= 4; dimension++) {
      const vector = Array.from({ length: dimension }, () => 1);
      await both.one.create("again", dimension, "dot");
      expect((await both.other.search("again", { vector, count: 5 })).results).toEqual([]);
      await both.other.put("again", [{ id: `item-${dimension}`, vector }]);
      const { results } = await both.one.search("again", { vector, count: 5 });
      expect(results.map(({ id }) => id)).toEqual([`item-${dimension}`]);
      await both.one.remove("again");
      await expect(both.other.put("again", [{ vector }])).rejects.toMatchObject({
        code: "vector.collection.missing",
      });
    }
  });

  it("refuse to add an id that exists, with all that came with it", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    await both.one.create("once", 1, "dot");
    const add = (store: VectorStore, ...ids: string[]) =>
      store.put(
        "once",
        ids.map((id) => ({ id, vector: [1] })),
        "add",
      );
    await add(both.one, "a", "b");
    await expect(add(both.other, "c", "b")).rejects.toMatchObject({ code: "vector.item.exists" });
    expect((await both.one.find("once")).items).toBe(2);
    const races = await Promise.allSettled([add(both.one, "d"), add(both.other, "d")]);
    expect(races.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("keep the data when the migration is undone and made again", async () => {
    const both = await openTwo(dialect);
    if (both === null) return;
    await both.one.create("kept", 1, "dot");
    await both.one.put("kept", [{ id: "a", vector: [3] }]);
    await forgetVectorChanges(both.database);
    await putAsBefore(both.database, "kept", "b", [4]);
    await followVectorChanges(both.database);
    const { results } = await both.other.search("kept", { vector: [1], count: 5 });
    expect(results.map(({ id }) => id)).toEqual(["b", "a"]);
  });
});

describe("a store whose database goes away", () => {
  it("says so instead of answering from memory, and comes back by itself", async () => {
    if (postgres === null) return;
    const server = await startPostgres();
    if (server === null) return;
    const { store, database } = await open(await server.createDatabase());
    await createVectorTables(database);
    await store.create("notes", 1, "dot");
    await store.put("notes", [{ id: "a", vector: [1] }]);
    const search = () => store.search("notes", { vector: [1], count: 1 });
    expect((await search()).results).toHaveLength(1);
    server.crash();
    await sleep(200);
    await expect(search()).rejects.toMatchObject({ code: "vector.database" });
    await expect(store.put("notes", [{ vector: [1] }])).rejects.toMatchObject({
      code: "vector.database",
    });
    await server.stop();
  });

  it("answers again once connections work again", async () => {
    const url = await createDatabase("postgres");
    if (url === null || postgres === null) return;
    const { store, database } = await open(url);
    await createVectorTables(database);
    await store.create("notes", 1, "dot");
    await store.put("notes", [{ id: "a", vector: [1] }]);
    const admin = await connectDatabase(parseDatabaseUrl(postgres.urlOf("postgres"), folder));
    const name = new URL(url).pathname.slice(1);
    await admin.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ?";
    await admin.raw(end, [name]);
    const search = () => store.search("notes", { vector: [1], count: 1 });
    await expect(search()).rejects.toMatchObject({ code: "vector.database" });
    await admin.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await admin.destroy();
    // A connection that was ended may be found out by the first use.
    await vi.waitFor(async () => expect((await search()).results).toMatchObject([{ id: "a" }]), {
      timeout: 20_000,
    });
  });
});

describe("a writer that is killed", () => {
  it("has lost nothing that was acknowledged, and left nothing half", async () => {
    const file = join(folder, "studio.db");
    const { store, database } = await open(`sqlite:${file}`);
    await createVectorTables(database);
    await store.create("kept", 2, "dot");
    const program = join(import.meta.dirname, "vector-writer.ts");
    for (let round = 0; round < rounds(4, 100); round++) {
      const writer = spawn(process.execPath, [program, file, `round${round}`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let acknowledged = -1;
      const lines = createInterface({ input: writer.stdout });
      lines.on("line", (line) => (acknowledged = Number(line)));
      await once(lines, "line");
      await sleep(30 + ((round * 37) % 90));
      writer.kill("SIGKILL");
      await once(writer, "close");
      const { results } = await store.search("kept", { vector: [1, 0], count: 1_000_000 });
      const found = new Set(results.map(({ id }) => id));
      for (let number = 0; number <= acknowledged; number++) {
        const isDeleted = number % 3 === 1 && number + 1 <= acknowledged;
        expect(found.has(`round${round}-${number}-b`)).toBe(true);
        if (number < acknowledged || number % 3 !== 1) {
          expect(found.has(`round${round}-${number}-a`)).toBe(!isDeleted);
        }
      }
      // Of the call that nobody acknowledged, both items are there or none.
      const next = `round${round}-${acknowledged + 1}`;
      if (acknowledged % 3 !== 1) expect(found.has(`${next}-a`)).toBe(found.has(`${next}-b`));
    }
  });
});
