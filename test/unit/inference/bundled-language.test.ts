import { readFileSync, statSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { readLines } from "../../../src/inference/bundled/language/build/corpus.ts";
import { languages } from "../../../src/inference/bundled/language/build/languages.ts";
import { linearSoftmaxOnnx } from "../../../src/inference/bundled/language/build/onnx-writer.ts";
import {
  judge,
  readConfiguration,
} from "../../../src/inference/bundled/language/build/run-model.ts";
import {
  calibrationError,
  confusionMatrix,
  labelScores,
  macroF1,
} from "../../../src/inference/bundled/language/build/score.ts";
import type { Judgement } from "../../../src/inference/bundled/language/build/score.ts";

const folder = new URL("../../../src/inference/bundled/language/", import.meta.url);

interface SampleLine {
  text: string;
  language: string;
  source: string;
}

describe("the bundled language model", () => {
  const { labels, featurizer } = readConfiguration();
  const sample = readLines<SampleLine>(new URL("sample.jsonl", folder).pathname);
  let judgements: Judgement[] = [];

  beforeAll(async () => {
    judgements = await judge(sample);
  });

  it("names the languages of the shipped sample with a macro-F1 of 0.95 or more", () => {
    const scores = labelScores(confusionMatrix(judgements, labels.length));
    expect(scores.length).toBeGreaterThanOrEqual(20);
    expect(macroF1(scores)).toBeGreaterThanOrEqual(0.95);
  });

  it("is sure of its right answers and its probabilities stay between 0 and 1", () => {
    expect(judgements.every(({ confidence }) => confidence > 0 && confidence <= 1.000001)).toBe(
      true,
    );
    expect(calibrationError(judgements)).toBeLessThan(0.1);
  });

  it("gives a text without letters a spread of probability, not an error", async () => {
    const [judgement] = await judge([{ text: "12345 !?", language: "en" }]);
    expect(judgement?.confidence).toBeLessThan(0.5);
  });

  it("is under 2 MB and has one label for each language", () => {
    expect(statSync(new URL("model.onnx", folder)).size).toBeLessThan(2_000_000);
    expect(labels.map(({ code }) => code)).toEqual(languages.map(({ code }) => code));
    expect(featurizer.name).toBe("character-ngrams");
  });

  it("ships a sample whose lines say where they come from", () => {
    expect(sample.every(({ text, source }) => text.length >= 40 && /\(.+\)$/.test(source))).toBe(
      true,
    );
  });

  it("has the promised figures in its card", () => {
    const card = readFileSync(new URL("CARD.md", folder), "utf8");
    const stated = /Macro-F1 (0\.\d+) over (\d+) held-out sentences/.exec(card);
    expect(Number(stated?.[1])).toBeGreaterThanOrEqual(0.95);
    expect(Number(stated?.[2])).toBeGreaterThanOrEqual(5000);
  });
});

describe("linearSoftmaxOnnx", () => {
  it("writes a model that computes softmax(features × weights + bias)", async () => {
    const { InferenceSession, Tensor } = await import("onnxruntime-node");
    const weights = Float32Array.of(1, 0, 0, 1, 0.5, 0.5);
    const model = { dimensions: 3, labels: 2, weights, bias: Float32Array.of(0, 0.25) };
    const session = await InferenceSession.create(linearSoftmaxOnnx(model, "test"));
    const features = new Tensor("float32", Float32Array.of(1, 0, 0, 0, 2, 2), [2, 3]);
    const { probabilities } = await session.run({ features });
    const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
    expect(probabilities?.dims).toEqual([2, 2]);
    const values = Array.from(probabilities?.data as Float32Array);
    for (const [index, expected] of [
      sigmoid(0.75),
      sigmoid(-0.75),
      sigmoid(-2.25),
      sigmoid(2.25),
    ].entries()) {
      expect(values[index]).toBeCloseTo(expected, 5);
    }
    await session.release();
  });
});

describe("score", () => {
  it("averages F1 over languages", () => {
    const matrix = [
      [3, 1],
      [0, 4],
    ];
    const scores = labelScores(matrix);
    expect(scores.map(({ f1 }) => f1)).toEqual([6 / 7, 8 / 9]);
    expect(macroF1(scores)).toBeCloseTo((6 / 7 + 8 / 9) / 2, 12);
  });
});
