import { accuracy, calibrationError, confusionMatrix, labelScores, macroF1 } from "./score.ts";
import type { Judgement } from "./score.ts";

/** A labelled text with where it comes from and what the model said of it. */
export interface JudgedLine extends Judgement {
  text: string;
  kind: string;
}

/** The length, in UTF-16 code units, from which a text counts for the promised figure. */
export const promisedLength = 40;

export function scoreOf(judgements: readonly Judgement[], labels: number): number {
  return macroF1(labelScores(confusionMatrix(judgements, labels)));
}

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

const figure = (value: number): string => value.toFixed(4);

function byLength(lines: readonly JudgedLine[], labels: number): string {
  const bands: [string, number, number][] = [
    ["40 characters or more (the promised figure)", promisedLength, Infinity],
    ["of these, 40 to 79", promisedLength, 80],
    ["of these, 80 or more", 80, Infinity],
    ["20 to 39 characters", 20, promisedLength],
  ];
  const rows = bands.map(([name, from, to]) => {
    const inBand = lines.filter(({ text }) => text.length >= from && text.length < to);
    return [name, `${inBand.length}`, figure(scoreOf(inBand, labels)), figure(accuracy(inBand))];
  });
  return table(["length", "sentences", "macro-F1", "accuracy"], rows);
}

function byKind(lines: readonly JudgedLine[], labels: number): string {
  const kinds = [...new Set(lines.map(({ kind }) => kind))].sort();
  const rows = kinds.map((kind) => {
    const ofKind = lines.filter((line) => line.kind === kind);
    const spoken = new Set(ofKind.map(({ truth }) => truth)).size;
    const score = figure(scoreOf(ofKind, labels));
    return [kind, `${ofKind.length}`, `${spoken}`, score, figure(accuracy(ofKind))];
  });
  return table(["kind of source", "sentences", "languages", "macro-F1", "accuracy"], rows);
}

function byLanguage(matrix: number[][], names: readonly string[]): string {
  const rows = labelScores(matrix).map(({ label, texts, precision, recall, f1 }) => {
    return [names[label] ?? "", `${texts}`, figure(precision), figure(recall), figure(f1)];
  });
  return table(["language", "sentences", "precision", "recall", "F1"], rows);
}

function byConfidence(lines: readonly JudgedLine[]): string {
  const edges = [0, 0.5, 0.7, 0.9, 0.99, 1.01];
  const rows = edges.slice(0, -1).map((from, index) => {
    const to = edges[index + 1] ?? 1.01;
    const inBand = lines.filter(({ confidence }) => confidence >= from && confidence < to);
    const share = ((100 * inBand.length) / Math.max(1, lines.length)).toFixed(1);
    const right = inBand.length === 0 ? "-" : figure(accuracy(inBand));
    return [`${from} to ${Math.min(1, to)}`, `${inBand.length}`, `${share} %`, right];
  });
  return table(["probability of the answer", "sentences", "share", "accuracy"], rows);
}

function drawnMatrix(matrix: number[][], codes: readonly string[]): string {
  const cell = (value: string): string => value.padStart(5);
  const head = cell("") + codes.map(cell).join("");
  const rows = matrix.map(
    (row, label) =>
      cell(codes[label] ?? "") + row.map((n) => cell(n === 0 ? "." : `${n}`)).join(""),
  );
  return ["```text", head, ...rows, "```"].join("\n");
}

function worstConfusions(matrix: number[][], names: readonly string[]): string {
  const pairs = matrix.flatMap((row, truth) =>
    row.map((count, predicted) => ({ truth, predicted, count })),
  );
  return pairs
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 8)
    .map(
      ({ truth, predicted, count }) => `- ${names[truth]} taken for ${names[predicted]}: ${count}`,
    )
    .join("\n");
}

/** The measured figures as Markdown: by length, kind, language and confidence, and the matrix. */
export function report(
  lines: readonly JudgedLine[],
  labels: readonly { code: string; name: string }[],
): string {
  const long = lines.filter(({ text }) => text.length >= promisedLength);
  const matrix = confusionMatrix(long, labels.length);
  const names = labels.map(({ name }) => name);
  const codes = labels.map(({ code }) => code);
  const short = lines.filter(({ text }) => text.length < promisedLength);
  return [
    `Macro-F1 ${figure(scoreOf(long, labels.length))} over ${long.length} held-out sentences of ` +
      `${promisedLength} characters or more in ${labelScores(matrix).length} languages.`,
    `### By length\n\n${byLength(lines, labels.length)}`,
    `### By kind of source (40 characters or more)\n\n${byKind(long, labels.length)}`,
    `### By confidence, 40 characters or more\n\n${byConfidence(long)}\n\n` +
      `Expected calibration error: ${figure(calibrationError(long))}.`,
    `### By confidence, 20 to 39 characters\n\n${byConfidence(short)}\n\n` +
      `Expected calibration error: ${figure(calibrationError(short))}.`,
    `### By language (40 characters or more)\n\n${byLanguage(matrix, names)}`,
    `### Most frequent mistakes\n\n${worstConfusions(matrix, names)}`,
    `### Confusion matrix\n\nRows are the true language, columns the answer; sentences of 40 ` +
      `characters or more.\n\n${drawnMatrix(matrix, codes)}`,
  ].join("\n\n");
}
