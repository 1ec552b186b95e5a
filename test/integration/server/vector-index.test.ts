import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, type DaemonSpec, startDaemon } from "../../../src/server/daemon.ts";
import { randomFrom } from "../../support/random.ts";
import { type Answer, daemonSpec, prepareFolder, sendTo, serveWith } from "./running.ts";

const dimension = 16;
const count = 2000;
const items = "/api/v1/vector/collections/large/items";

let spec: DaemonSpec;
let folder: string;
let daemon: Daemon;

beforeAll(async () => {
  const prepared = await prepareFolder();
  ({ folder } = prepared);
  const { limits } = serveWith({});
  const serve = serveWith({
    limits: { ...limits, batch: 500, body: 2_000_000 },
    vectors: { memory: 64_000_000, approximateFrom: 1000 },
  });
  const logger = pino({ level: "silent" });
  spec = { ...daemonSpec(folder, prepared.database), serve, logger };
  daemon = await startDaemon(spec);
}, 60_000);

afterAll(async () => {
  await daemon.stop(0);
  await rm(folder, { recursive: true });
});

const random = randomFrom(23);
const randomVector = (): number[] =>
  Array.from({ length: dimension }, () => random.below(2001) - 1000);
const stored = new Map(Array.from({ length: count }, (_, row) => [`item-${row}`, randomVector()]));

function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  return sendTo({ ...daemon.address(), method, path, agent: false }, body);
}

interface Found {
  method: string;
  results: { id: string; score: number; metadata: { even?: boolean } }[];
}

async function search(vector: number[], more: object = {}): Promise<Found> {
  const body = { collection: "large", vector, top_k: 10, ...more };
  const answer = await ask("POST", "/api/v1/vector/search", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as Found;
}

async function untilApproximate(): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    if ((await search(randomVector())).method === "approximate") return;
    await sleep(20);
  }
  throw new Error("no search used the index");
}

/** The share of the nearest ten that searches by the index find. */
async function recall(searches: number): Promise<number> {
  let found = 0;
  for (let round = 0; round < searches; round++) {
    const vector = randomVector();
    const [near, exact] = await Promise.all([search(vector), search(vector, { exact: true })]);
    expect([near.method, exact.method]).toEqual(["approximate", "exact"]);
    const nearest = new Set(exact.results.map(({ id }) => id));
    found += near.results.filter(({ id }) => nearest.has(id)).length;
    // What both have found has the same score: an index chooses, it does not compute.
    const scores = new Map(exact.results.map(({ id, score }) => [id, score]));
    for (const { id, score } of near.results) {
      if (scores.has(id)) expect(score).toBeCloseTo(scores.get(id) ?? Number.NaN, 6);
    }
  }
  return found / (10 * searches);
}

test("a large collection is searched by an index, and says so", async () => {
  await ask("PUT", "/api/v1/vector/collections/large", { dimension });
  const all = [...stored].map(([id, vector], row) => {
    return { id, vector, metadata: { even: row % 2 === 0 } };
  });
  for (let from = 0; from < count; from += 500) {
    const { status } = await ask("POST", items, { items: all.slice(from, from + 500) });
    expect(status).toBe(201);
  }
  await untilApproximate();
  expect(await recall(40)).toBeGreaterThanOrEqual(0.97);
}, 120_000);

test("by the index too a filter leaves what it says, and what was deleted is not found", async () => {
  const vector = randomVector();
  const filter = { field: "even", equals: true };
  const { method, results } = await search(vector, { filter });
  expect(method).toBe("approximate");
  expect(results).toHaveLength(10);
  expect(results.every(({ metadata }) => metadata.even === true)).toBe(true);
  const [gone] = results;
  expect((await ask("DELETE", `${items}/${gone?.id}`)).status).toBe(204);
  stored.delete(gone?.id ?? "");
  const again = await search(vector, { filter });
  expect(again.results.map(({ id }) => id)).toEqual(
    expect.arrayContaining(results.slice(1).map(({ id }) => id)),
  );
  expect(again.results.map(({ id }) => id)).not.toContain(gone?.id);
});

test("another daemon finds all of it at once, and builds the index anew", async () => {
  const late = randomVector();
  expect((await ask("POST", items, { items: [{ id: "late", vector: late }] })).status).toBe(201);
  stored.set("late", late);
  await daemon.stop(0);
  daemon = await startDaemon(spec);
  expect((await search(late)).results[0]).toMatchObject({ id: "late" });
  for (const id of ["item-3", "item-999", "item-1998"]) {
    if (stored.has(id))
      expect((await search(stored.get(id) ?? [])).results[0]).toMatchObject({ id });
  }
  await untilApproximate();
  expect(await recall(40)).toBeGreaterThanOrEqual(0.97);
  expect((await search(late)).results[0]).toMatchObject({ id: "late" });
  const list = await ask("GET", "/api/v1/vector/collections");
  expect(list.body).toMatchObject({ collections: [{ name: "large", items: stored.size }] });
}, 120_000);
