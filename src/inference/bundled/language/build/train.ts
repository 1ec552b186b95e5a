// Fits the model on train.jsonl, calibrates it on validation.jsonl, writes model.onnx and
// config.yaml beside this folder. Usage: node train.ts CORPUS_FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CharacterNgrams } from "../../../text/character-ngrams.ts";
import { readLines } from "./corpus.ts";
import type { CorpusLine } from "./corpus.ts";
import { languages } from "./languages.ts";
import { linearSoftmaxOnnx } from "./onnx-writer.ts";
import { fitTemperature, SoftmaxRegression } from "./softmax-regression.ts";

// Chosen on validation.jsonl; CARD.md has the figures of the alternatives.
const parameters = { dimensions: 8192, shortest: 1, longest: 4, maximumLength: 1000 };
const examplesPerLanguage = 160_000;
const firstRate = 4;
/** This share of the examples is a piece of a sentence: users' texts can be short. */
const shareOfPieces = 0.7;
const shortestPiece = 15;
const longestPiece = 65;

/** A linear congruential generator (Numerical Recipes): 0 or more, below 1, the same every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function textsByLanguage(lines: CorpusLine[]): string[][] {
  return languages.map(({ code }) =>
    lines.filter((line) => line.language === code).map((line) => line.text),
  );
}

function pieceOf(text: string, random: () => number): string {
  if (text.length <= shortestPiece || random() >= shareOfPieces) return text;
  const length = shortestPiece + Math.floor(random() * (longestPiece - shortestPiece));
  const start = Math.floor(random() * Math.max(1, text.length - length));
  return text.slice(start, start + length);
}

function fit(ngrams: CharacterNgrams, texts: string[][]): SoftmaxRegression {
  const random = randomNumbers(1);
  const regression = new SoftmaxRegression(parameters.dimensions, languages.length);
  const steps = examplesPerLanguage * languages.length;
  for (let step = 0; step < steps; step += 1) {
    // Languages take turns, so a language with little text weighs as much as one with much.
    const label = step % languages.length;
    const ofLanguage = texts[label] ?? [];
    const text = ofLanguage[Math.floor(step / languages.length) % ofLanguage.length];
    if (text === undefined) throw new Error(`no text in ${languages[label]?.name}`);
    regression.step(ngrams.sparse(pieceOf(text, random)), label, firstRate * (1 - step / steps));
    if (step % 500_000 === 0) process.stderr.write(`step ${step} of ${steps}\n`);
  }
  return regression;
}

function configuration(temperature: number): string {
  const labels = languages.map(({ code, name }) => `  - { code: ${quoted(code)}, name: ${name} }`);
  return [
    "name: language",
    "task: text-classification",
    "version: 1",
    "description: Names the language that a text is written in.",
    "license: Apache-2.0",
    "input: features",
    "output: probabilities",
    "featurizer:",
    "  name: character-ngrams",
    ...Object.entries(parameters).map(([key, value]) => `  ${key}: ${value}`),
    `# Already part of the weights; recorded for the reader: ${temperature.toFixed(3)} was fitted.`,
    "# In the order of the output columns.",
    "labels:",
    ...labels,
    "",
  ].join("\n");
}

/** YAML 1.1 readers take a bare `no` for false; quoting every code is simpler than a list. */
function quoted(code: string): string {
  return `"${code}"`;
}

const corpus = process.argv[2];
if (corpus === undefined) throw new Error("usage: node train.ts CORPUS_FOLDER");
const ngrams = new CharacterNgrams(parameters);
const { model } = fit(ngrams, textsByLanguage(readLines(join(corpus, "train.jsonl"))));
const labelOfCode = new Map(languages.map(({ code }, label) => [code, label]));
const validation = readLines<CorpusLine>(join(corpus, "validation.jsonl")).map((line) => ({
  features: ngrams.sparse(line.text),
  truth: labelOfCode.get(line.language) ?? 0,
}));
const temperature = fitTemperature(model, validation);
const calibrated = {
  ...model,
  weights: model.weights.map((weight) => weight / temperature),
  bias: model.bias.map((bias) => bias / temperature),
};
const folder = new URL("../", import.meta.url);
writeFileSync(new URL("model.onnx", folder), linearSoftmaxOnnx(calibrated, "studio"));
writeFileSync(new URL("config.yaml", folder), configuration(temperature));
process.stdout.write(
  `temperature ${temperature.toFixed(3)}; ${validation.length} validation sentences\n`,
);
