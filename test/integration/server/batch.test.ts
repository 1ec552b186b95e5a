import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, startRunning } from "./running.ts";

const path = "/api/v1/batch/process";

let running: Running;
let image: string;

beforeAll(async () => {
  running = await startRunning();
  const create = { width: 20, height: 10, channels: 3, background: "#102030" } as const;
  image = (await sharp({ create }).png().toBuffer()).toString("base64");
});

afterAll(async () => {
  await running.close();
});

describe("a batch", () => {
  it("of texts, images and vectors is answered in its order", async () => {
    await running.send("PUT", "/api/v1/vector/collections/notes", { body: { dimension: 2 } });
    const notes = [{ id: "a", vector: [1, 0] }];
    await running.send("POST", "/api/v1/vector/collections/notes/items", {
      body: { items: notes },
    });
    const items = [
      { id: "first", kind: "text", task: "language", text: "guten Tag" },
      { kind: "image", task: "properties", image, name: "a.png", type: "image/png" },
      { kind: "image", task: "thumbnail", image, size: 5, format: "webp" },
      { kind: "vector", collection: "notes", vector: [1, 0], top_k: 1 },
      { kind: "text", task: "statistics", text: "Three words here." },
      { kind: "embedding", text: "a small text" },
    ];
    const { status, body } = await running.send("POST", path, { body: { items } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      results: [
        { index: 0, id: "first", kind: "text", status: 200, model: { name: "language" } },
        { index: 1, status: 200, result: { format: "png", width: 20, height: 10 } },
        { index: 2, status: 200, result: { format: "webp", width: 5, height: 3 } },
        { index: 3, status: 200, result: { results: [{ id: "a" }] } },
        { index: 4, status: 200, task: "statistics", result: {}, method: {} },
        { index: 5, status: 200, task: "embeddings", model: {}, usage: {} },
      ],
      summary: { total: 6, succeeded: 6, failed: 0 },
    });
    const alone = await running.send("POST", "/api/v1/text/process", {
      body: { task: "language", text: "guten Tag" },
    });
    const { results } = body as { results: { result: { language: string } }[] };
    expect(alone.body).toMatchObject({ result: { language: results[0]?.result.language } });
  });

  it("tells of each item what is wrong with it, as the request by itself would be told", async () => {
    const whole = Buffer.from(image, "base64");
    const cut = whole.subarray(0, whole.length - 30).toString("base64");
    const items = [
      { kind: "poetry" },
      { kind: "text", task: "language" },
      { kind: "image", task: "properties", image: "not base64!" },
      { kind: "image", task: "statistics", image: cut },
      { kind: "image", task: "properties", image, name: "../a.png" },
      { kind: "image", task: "classify", image },
      { kind: "vector", collection: "absent", vector: [1] },
      { kind: "text", task: "language", text: "good day" },
    ];
    const { status, body } = await running.send("POST", path, { body: { items } });
    expect(status).toBe(200);
    const { results, summary } = body as {
      results: { status: number; error?: { code: string } }[];
      summary: object;
    };
    expect(results.map((one) => [one.status, one.error?.code])).toEqual([
      [400, "batch.item"],
      [400, "batch.item"],
      [400, "batch.item"],
      [422, "image.damaged"],
      [400, "image.name"],
      [501, "model.missing"],
      [404, "vector.collection.missing"],
      [200, undefined],
    ]);
    expect(summary).toEqual({ total: 8, succeeded: 1, failed: 7 });
  });

  it("is refused as a whole when it is none, or too many", async () => {
    const item = { kind: "text", task: "language", text: "x" };
    for (const body of [
      {},
      { items: [] },
      { items: "x" },
      { items: [1] },
      { items: [{ task: "language" }] },
      { items: Array.from({ length: 9 }, () => item) },
      { items: [item], more: 1 },
    ]) {
      expect(await running.send("POST", path, { body })).toMatchObject({
        status: 400,
        body: { code: "request.invalid" },
      });
    }
  });

  it("whose sender goes away leaves nothing in flight", async () => {
    const { host, port } = running.daemon.address() ?? {};
    const items = Array.from({ length: 8 }, () => ({ kind: "image", task: "statistics", image }));
    const request = httpRequest({ host, port, path, method: "POST", agent: false });
    request.on("error", () => undefined);
    request.setHeader("content-type", "application/json");
    request.end(JSON.stringify({ items }));
    await sleep(10);
    request.destroy();
    for (let turn = 0; turn < 300 && running.daemon.state().inFlight > 0; turn++) await sleep(10);
    expect(running.daemon.state().inFlight).toBe(0);
    expect(
      (await running.send("POST", path, { body: { items: items.slice(0, 1) } })).body,
    ).toMatchObject({
      summary: { succeeded: 1 },
    });
  });
});
