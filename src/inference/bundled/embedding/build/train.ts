// Fits the vectors on train.jsonl, shows how they do on validation.jsonl, and writes model.onnx.
// Usage: node train.ts CORPUS_FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLines } from "../../language/build/corpus.ts";
import type { HeldOut, Pair } from "./collect-pairs.ts";
import { TokenVectors, type TokenPair } from "./contrastive.ts";
import { tokenVectorsOnnx } from "./export.ts";
import { cosines, scoreOverlap, scoreRetrieval, WordOverlap } from "./retrieval.ts";
import { createEncoder } from "./tokens.ts";

const width = 128;
/** Lengths at which the vectors can be cut; the full one takes every other step. */
const lengths = [width, 64, width, 32];
const tokenCount = 16_000;
const batchSize = 256;
const longestText = 64;
const firstRate = 0.05;
const rounds = 2;
/** How often pairs of a kind are in a round; 1 where nothing is said. */
const repeats: Record<string, number> = { "two-dictionaries": 6, "gloss-example": 2 };

/** A linear congruential generator (Numerical Recipes): 0 or more, below 1, the same every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffle<Item>(items: Item[], random: () => number): Item[] {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [items[at], items[other]] = [items[other] as Item, items[at] as Item];
  }
  return items;
}

const [corpus] = process.argv.slice(2);
if (!corpus) throw new Error("usage: node train.ts CORPUS_FOLDER");
const random = randomNumbers(1);
const encode = createEncoder(longestText);
const lines = readLines<Pair>(join(corpus, "train.jsonl"));
const words = new WordOverlap(lines.map(({ other }) => other));
const pairs: TokenPair[] = lines.flatMap(({ kind, one, other }) => {
  const pair = { one: encode(one), other: encode(other) };
  const usable = pair.one.length > 0 && pair.other.length > 0;
  return usable ? Array.from({ length: repeats[kind] ?? 1 }, () => pair) : [];
});
const validation = readLines<HeldOut>(join(corpus, "validation.jsonl"));
const vectors = new TokenVectors(tokenCount, width, random);

function validate(length: number): string {
  const rows = (texts: string[]): Float32Array => {
    return vectors.rows(
      texts.map((text) => encode(text)),
      length,
    );
  };
  const questions = rows(validation.map(({ query }) => query));
  const answers = rows(validation.map(({ answer }) => answer));
  return JSON.stringify(
    scoreRetrieval(validation.length, cosines(questions, answers, length)),
    (_, value: unknown) => (typeof value === "number" ? Number(value.toFixed(4)) : value),
  );
}

process.stderr.write(
  `${pairs.length} pairs; words: ${JSON.stringify(scoreOverlap(validation, words))}\n`,
);
const perRound = Math.floor(pairs.length / batchSize);
const steps = perRound * rounds;
let mean = 0;
for (let step = 0; step < steps; step += 1) {
  if (step % perRound === 0) shuffle(pairs, random);
  const start = (step % perRound) * batchSize;
  const rate = firstRate * (1 - step / steps);
  const length = lengths[step % lengths.length] as number;
  const batch = pairs.slice(start, start + batchSize);
  const loss = vectors.step(batch, rate, length);
  mean = mean === 0 ? loss : mean * 0.99 + loss * 0.01;
  if (step % 500 === 0) {
    process.stderr.write(`${step} of ${steps}: loss ${mean.toFixed(3)} ${validate(width)}\n`);
  }
}
process.stderr.write(`full ${validate(width)}\n64 ${validate(64)}\n32 ${validate(32)}\n`);
const model = tokenVectorsOnnx({ tokens: tokenCount, width, table: vectors.table });
writeFileSync(new URL("../model.onnx", import.meta.url), model);
