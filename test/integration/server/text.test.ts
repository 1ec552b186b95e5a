import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Running, startRunning } from "./running.ts";

const path = "/api/v1/text/process";

let running: Running;

beforeAll(async () => {
  running = await startRunning();
  for (let turn = 0; turn < 300 && !running.daemon.state().ready; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

afterAll(async () => {
  await running.close();
});

async function process(body: object): Promise<Answer> {
  return await running.send("POST", path, { body });
}

describe("POST /api/v1/text/process", () => {
  it("counts what a text holds", async () => {
    const text = "Two sentences. Really, two!";
    const { status, body } = await process({ task: "statistics", text });
    expect(status).toBe(200);
    expect(body).toEqual({
      task: "statistics",
      method: { name: "unicode-segmentation", version: "UAX #29" },
      result: {
        characters: 27,
        characters_without_spaces: 24,
        words: 4,
        unique_words: 3,
        sentences: 2,
        paragraphs: 1,
        reading_seconds: 1,
      },
    });
  });

  it("judges the sentiment of a batch, and says why it cannot where it cannot", async () => {
    const texts = [
      "A great phone, I love it.",
      "Not good, and the battery is terrible.",
      "A table.",
    ];
    const { status, body } = await process({
      task: "sentiment",
      texts,
      options: { language: "en" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      method: { name: "afinn-165-with-negation" },
      languages: ["en"],
      results: [
        { label: "positive", positive: ["great", "love"], negative: [] },
        { label: "negative", negative: ["good", "terrible"] },
        { label: null, score: null, reason: "The text has no word of the lexicon." },
      ],
    });
  });

  it("finds keywords, as many as asked for", async () => {
    const text =
      "Release management keeps every release undoable. A release that fails its health check is " +
      "rolled back, and by release management the reason is kept.";
    const options = { language: "en", limit: 2 };
    const { body } = await process({ task: "keywords", text, options });
    expect(body).toMatchObject({
      method: { name: "rake-by-count" },
      languages: expect.arrayContaining(["de", "en"]) as string[],
    });
    const { keywords } = (body as { result: { keywords: { phrase: string; count: number }[] } })
      .result;
    expect(keywords).toHaveLength(2);
    expect(keywords[0]).toMatchObject({ phrase: "Release management", count: 2 });
  });

  it("embeds texts with the bundled model, near where they mean the same", async () => {
    const texts = ["a small house in the forest", "cabin among the trees", "wages paid each month"];
    const { status, body } = await process({ task: "embeddings", texts });
    expect(status).toBe(200);
    const { results, usage, model } = body as {
      results: { embedding: number[] }[];
      usage: { tokens: number };
      model: object;
    };
    expect(model).toEqual({ name: "embedding", version: "1" });
    expect(usage.tokens).toBeGreaterThan(12);
    const dot = (one: number, other: number): number =>
      results[one]?.embedding.reduce(
        (sum, value, at) => sum + value * (results[other]?.embedding[at] ?? 0),
        0,
      ) ?? 0;
    expect(dot(0, 0)).toBeCloseTo(1, 5);
    expect(dot(0, 1)).toBeGreaterThan(dot(0, 2) + 0.1);
  });

  it.each([
    [{ task: "statistics", text: "a", options: { limit: 3 } }, 'no option "limit"'],
    [{ task: "keywords", text: "a", options: { limit: 0 } }, "from 1 to 100"],
    [{ task: "sentiment", text: "a", options: { language: "de" } }, 'the language "de"'],
    [{ task: "statistics", text: "a", options: { language: "not a tag" } }, "no language tag"],
    [{ task: "embeddings", text: "a", options: { dimensions: 33 } }, "33 dimensions"],
    [{ task: "language", text: "a", options: { constructor: 1 } }, "no option"],
  ])("refuses what a task does not know: %j", async (body, reason) => {
    const answer = await process(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: "inference.input",
      detail: expect.stringContaining(reason) as string,
    });
  });

  it("refuses a task that there is none of, and text in two forms or none", async () => {
    for (const body of [
      { task: "translation", text: "a" },
      { task: "statistics" },
      { task: "statistics", text: "a", texts: ["a"] },
      { task: "statistics", texts: [] },
      { task: "statistics", text: "x".repeat(1001) },
      { task: "statistics", text: "a", options: "none" },
    ]) {
      const answer = await process(body);
      expect(answer).toMatchObject({ status: 400, body: { code: "request.invalid" } });
    }
  });

  it("says which model to install where one is missing", async () => {
    const options = { model: "no-such-model" };
    const { status, body } = await process({ task: "embeddings", text: "a", options });
    expect(status).toBe(501);
    expect(body).toMatchObject({
      code: "model.missing",
      hint: expect.stringContaining("models/no-such-model") as string,
    });
  });
});
