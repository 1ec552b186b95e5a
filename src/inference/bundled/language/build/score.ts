/** What a classifier said of one labelled text. */
export interface Judgement {
  truth: number;
  predicted: number;
  /** The probability of the predicted label, 0 to 1. */
  confidence: number;
}

/** Counts by [truth][predicted]. */
export function confusionMatrix(judgements: readonly Judgement[], labels: number): number[][] {
  const matrix = Array.from({ length: labels }, () => Array.from({ length: labels }, () => 0));
  for (const { truth, predicted } of judgements) {
    const row = matrix[truth];
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  return matrix;
}

/** Precision, recall and F1 (their harmonic mean) of one label; all are 0 to 1. */
export interface LabelScore {
  label: number;
  texts: number;
  precision: number;
  recall: number;
  f1: number;
}

/** The score of each label that occurs as a truth. */
export function labelScores(matrix: readonly (readonly number[])[]): LabelScore[] {
  const scores: LabelScore[] = [];
  for (const [label, row] of matrix.entries()) {
    const right = row[label] ?? 0;
    const texts = row.reduce((sum, count) => sum + count, 0);
    const named = matrix.reduce((sum, other) => sum + (other[label] ?? 0), 0);
    if (texts === 0) continue;
    const precision = named === 0 ? 0 : right / named;
    scores.push({
      label,
      texts,
      precision,
      recall: right / texts,
      f1: (2 * right) / (texts + named),
    });
  }
  return scores;
}

/** The mean of the labels' F1: each language weighs the same, however much text it has. */
export function macroF1(scores: readonly LabelScore[]): number {
  return scores.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(1, scores.length);
}

/** Share of right answers, 0 to 1. */
export function accuracy(judgements: readonly Judgement[]): number {
  const right = judgements.filter(({ truth, predicted }) => truth === predicted).length;
  return right / Math.max(1, judgements.length);
}

/**
 * Expected calibration error (Guo and others 2017) over ten equal bins of confidence: how far, on
 * average, confidence is from accuracy. 0 is perfect.
 */
export function calibrationError(judgements: readonly Judgement[]): number {
  let error = 0;
  for (let bin = 0; bin < 10; bin += 1) {
    const inBin = judgements.filter(
      ({ confidence }) => Math.min(9, Math.floor(confidence * 10)) === bin,
    );
    const confidence = inBin.reduce((sum, judgement) => sum + judgement.confidence, 0);
    error += Math.abs(confidence - accuracy(inBin) * inBin.length);
  }
  return error / Math.max(1, judgements.length);
}
