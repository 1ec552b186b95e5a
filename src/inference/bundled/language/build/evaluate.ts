// Measures the written model.onnx and fails below the promised figures.
// Usage: node evaluate.ts [HELD_OUT.jsonl [--write-card]]; without a corpus, the shipped sample.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readLines } from "./corpus.ts";
import { promisedLength, report, scoreOf } from "./report.ts";
import { judge, readConfiguration } from "./run-model.ts";

const promised = { macroF1: 0.95, sentences: 5000, languages: 20 };
const folder = new URL("../", import.meta.url);

interface LabelledLine {
  text: string;
  language: string;
  /** Lines of the corpus name their kind; lines of the sample do not. */
  kind?: string;
}

function writeCard(figures: string): void {
  const path = new URL("CARD.md", folder);
  const marked = /(<!-- measured: begin -->)[\s\S]*(<!-- measured: end -->)/;
  const card = readFileSync(path, "utf8");
  if (!marked.test(card)) throw new Error("CARD.md has no marks for the measured figures");
  // A function, not a string: figures may hold a dollar sign, which a string would interpret.
  const replacement = (_: string, begin: string, end: string): string =>
    `${begin}\n\n${figures}\n\n${end}`;
  writeFileSync(path, card.replace(marked, replacement));
}

const corpus = process.argv[2];
const { labels } = readConfiguration();
const lines = readLines<LabelledLine>(corpus ?? fileURLToPath(new URL("sample.jsonl", folder)));
const judgements = await judge(lines);
const judged = lines.map((line, index) => {
  const judgement = judgements[index];
  if (judgement === undefined) throw new Error(`no answer for line ${index + 1}`);
  return { ...judgement, text: line.text, kind: line.kind ?? "sample" };
});
const figures = report(judged, labels);
process.stdout.write(`${figures}\n`);
if (process.argv.includes("--write-card")) writeCard(figures);

const counted = judged.filter(({ text }) => text.length >= promisedLength);
const score = scoreOf(counted, labels.length);
const languageCount = new Set(counted.map(({ truth }) => truth)).size;
const shortfalls = [
  score < promised.macroF1 ? `macro-F1 ${score.toFixed(4)} is under ${promised.macroF1}` : "",
  languageCount < promised.languages
    ? `${languageCount} languages are under ${promised.languages}`
    : "",
  corpus !== undefined && counted.length < promised.sentences
    ? `${counted.length} sentences are under ${promised.sentences}`
    : "",
].filter((shortfall) => shortfall !== "");
for (const shortfall of shortfalls) process.stderr.write(`below the promise: ${shortfall}\n`);
if (shortfalls.length > 0) process.exitCode = 1;
