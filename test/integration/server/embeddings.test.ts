import { rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hiddenRows, width, writeEmbeddingModel } from "../../unit/inference/embedding-folder.ts";
import { prepareFolder, type Running, startRunning } from "./running.ts";

let running: Running;
let folder: string;

beforeAll(async () => {
  const prepared = await prepareFolder();
  folder = prepared.folder;
  const { database } = prepared;
  await writeEmbeddingModel(join(folder, "models"), "test-embedding");
  running = await startRunning({ modelFolders: [join(folder, "models")], database });
  for (let turn = 0; turn < 300 && !running.daemon.state().ready; turn++) await sleep(20);
});

afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

interface Embeddings {
  object: string;
  data: { object: string; index: number; embedding: number[] | string; truncated?: boolean }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
}

async function embed(body: object): Promise<{ status: number; body: Embeddings }> {
  const answer = await running.send("POST", "/v1/embeddings", { body });
  return { status: answer.status, body: answer.body as Embeddings };
}

function vectorAt(body: Embeddings, index: number): number[] {
  return body.data[index]?.embedding as number[];
}

const model = "test-embedding";
const dogs = [2, 6, 3];
const expected = Array.from(
  { length: width },
  (_, at) => hiddenRows(dogs).reduce((sum, row) => sum + (row[at] ?? 0), 0) / dogs.length,
);

describe("POST /v1/embeddings", () => {
  it("answers as OpenAI's does, with the vectors that the model has by computation", async () => {
    const { status, body } = await embed({ model, input: ["dog", "a cat"] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: "list",
      model,
      data: [
        { object: "embedding", index: 0 },
        { object: "embedding", index: 1 },
      ],
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
    for (const [at, value] of expected.entries()) {
      expect(vectorAt(body, 0)[at]).toBeCloseTo(value, 5);
    }
  });

  it.each([
    ["a text", "dog"],
    ["texts", ["dog"]],
    ["token ids", dogs],
    ["lists of token ids", [dogs]],
  ])("takes %s", async (_, input) => {
    const { status, body } = await embed({ model, input });
    expect(status).toBe(200);
    expect(body.data).toHaveLength(1);
    expect(vectorAt(body, 0)[0]).toBeCloseTo(expected[0] ?? 0, 5);
  });

  it("gives the same numbers as base64 of float32", async () => {
    const float = await embed({ model, input: "dog" });
    const { body } = await embed({ model, input: "dog", encoding_format: "base64", user: "me" });
    const bytes = Buffer.from(body.data[0]?.embedding as string, "base64");
    expect(bytes).toHaveLength(width * 4);
    const values = Array.from({ length: width }, (_, at) => bytes.readFloatLE(at * 4));
    expect(values).toEqual(float.body.data[0]?.embedding);
  });

  it("uses the bundled model where none is named, and cuts its vectors", async () => {
    const { body } = await embed({ input: "a text", dimensions: 64 });
    expect(body.model).toBe("embedding");
    const vector = vectorAt(body, 0);
    expect(vector).toHaveLength(64);
    expect(vector.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  });

  it.each([
    ["nothing", {}],
    ["an empty text", { input: "" }],
    ["no texts", { input: [] }],
    ["an empty text among others", { input: ["a", ""] }],
    ["numbers among texts", { input: ["a", 1] }],
    ["lists of texts", { input: [["a"]] }],
    ["a token that there is none of", { model, input: [99] }],
    ["half a token", { model, input: [1.5] }],
    ["too many texts", { input: Array(9).fill("a") }],
    ["too long a text", { input: "x".repeat(1001) }],
    ["too many tokens", { model, input: Array(1001).fill(1) }],
    ["an unknown format", { input: "a", encoding_format: "int8" }],
    ["no dimensions", { input: "a", dimensions: 0 }],
    ["dimensions that the model does not have", { model, input: "a", dimensions: 3 }],
    ["an object", { input: { text: "a" } }],
  ])("refuses %s", async (_, body) => {
    const { status } = await embed(body);
    expect(status).toBe(400);
    expect((await embed({ input: "a" })).status).toBe(200);
  });

  it("refuses an input of more tokens than the model takes, or cuts it where that was asked", async () => {
    const input = ["dog", "cat ".repeat(20)];
    const refused = await running.send("POST", "/v1/embeddings", { body: { model, input } });
    expect(refused).toMatchObject({
      status: 413,
      body: {
        code: "inference.too.large",
        detail: expect.stringContaining("Input 2") as string,
        hint: expect.stringContaining('"truncate": true') as string,
      },
    });
    const { status, body } = await embed({ model, input, truncate: true });
    expect(status).toBe(200);
    expect(body.data.map(({ truncated }) => truncated)).toEqual([undefined, true]);
    expect(body.usage.prompt_tokens).toBe(3 + 16);
    const task = { task: "embeddings", texts: input, options: { model, truncate: true } };
    const processed = await running.send("POST", "/api/v1/text/process", { body: task });
    expect(processed.status).toBe(200);
    const { results } = processed.body as { results: { truncated?: boolean }[] };
    expect(results.map(({ truncated }) => truncated)).toEqual([undefined, true]);
  });

  it("answers 501 for a model that is not installed or has no tokenizer", async () => {
    expect((await embed({ model: "missing", input: "a" })).status).toBe(501);
    expect((await embed({ model: "language", input: "a" })).status).toBe(501);
    expect((await embed({ model: "../../etc", input: "a" })).status).toBe(501);
  });

  it("goes on when a caller leaves", async () => {
    const address = running.daemon.address();
    const request = httpRequest({
      ...address,
      method: "POST",
      path: "/v1/embeddings",
      headers: { "content-type": "application/json" },
      agent: false,
    });
    request.on("error", () => undefined);
    request.end(JSON.stringify({ input: Array(8).fill("word ".repeat(190)) }));
    await sleep(5);
    request.destroy();
    expect((await embed({ input: "a" })).status).toBe(200);
  });

  it("answers many at a time, each with its own", async () => {
    const inputs = ["dog", "a cat", "a dog sees cats", "runs", "cat runs", "dog sees"];
    const alone = await Promise.all(inputs.map((input) => embed({ model, input })));
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => embed({ model, input: inputs[at % 6] })),
    );
    for (const [at, { body }] of answers.entries()) {
      const vector = vectorAt(body, 0);
      const right = vectorAt(alone[at % 6]?.body as Embeddings, 0);
      for (const [index, value] of right.entries()) expect(vector[index]).toBeCloseTo(value, 5);
    }
  });
});
