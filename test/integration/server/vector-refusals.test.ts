import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Running, serveWith, startRunning } from "./running.ts";

const collection = "/api/v1/vector/collections/large";
let running: Running;

beforeAll(async () => {
  const limits = { ...serveWith({}).limits, batch: 2000, body: 1_000_000 };
  // More vectors than memory is for: a search reads them page by page.
  const vectors = { memory: 300_000, approximateFrom: 20_000 };
  running = await startRunning({ serve: serveWith({ timeout: 1500, limits, vectors }) });
  const body = { dimension: 2, metric: "dot" };
  expect((await running.send("PUT", collection, { body })).status).toBe(201);
  const items = Array.from({ length: 2000 }, (_, row) => ({ id: `${row}`, vector: [row, 1] }));
  const added = await running.send("POST", `${collection}/items`, { body: { items } });
  expect(added.status).toBe(201);
});

afterAll(() => running.close());

/** What a search may be told instead of what it found. */
const refusals = [
  "429 inference.queue.full",
  "504 inference.deadline",
  // The search and the request have the same time: whichever sees first that it is over.
  "504 request.timeout",
];

it("more searches than can be answered in time are refused or late, and the next one finds", async () => {
  const body = { collection: "large", vector: [1, 0], top_k: 1 };
  const search = () => running.send("POST", "/api/v1/vector/search", { body });
  const answers = await Promise.all(Array.from({ length: 300 }, search));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, headers, body: problem } of refused) {
    expect(refusals).toContain(`${status} ${(problem as { code: string }).code}`);
    expect(headers["content-type"]).toContain("application/problem+json");
    expect(headers["retry-after"]).toBe(status === 429 ? "1" : undefined);
  }
  await vi.waitFor(async () => {
    expect((await search()).body).toMatchObject({ results: [{ id: "1999" }] });
  }, 10_000);
});
