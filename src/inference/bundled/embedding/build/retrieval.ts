// The measure: a word's definition in one dictionary is the question, and its definition in another
// has to be found among those of all other words. No text names its word.
import type { HeldOut } from "./collect-pairs.ts";

export interface RetrievalScore {
  questions: number;
  /** Share of questions whose answer came first, or among the first ten. */
  first: number;
  firstTen: number;
  /** Mean of 1 divided by the rank of the answer. */
  reciprocalRank: number;
}

/** @param similarity of the question at one index and the answer at another; higher is nearer */
export function scoreRetrieval(
  questions: number,
  similarity: (question: number, answer: number) => number,
): RetrievalScore {
  let first = 0;
  let firstTen = 0;
  let reciprocal = 0;
  for (let question = 0; question < questions; question += 1) {
    const own = similarity(question, question);
    let rank = 1;
    let ties = 0;
    for (let answer = 0; answer < questions; answer += 1) {
      if (answer === question) continue;
      const other = similarity(question, answer);
      if (other > own) rank += 1;
      if (other === own) ties += 1;
    }
    // Among equals the answer stands in the middle: a method that says nothing gains nothing.
    rank += ties / 2;
    if (rank < 2) first += 1;
    if (rank <= 10) firstTen += 1;
    reciprocal += 1 / rank;
  }
  return {
    questions,
    first: first / questions,
    firstTen: firstTen / questions,
    reciprocalRank: reciprocal / questions,
  };
}

/** Cosine of rows of two row-major matrices whose rows have norm 1. */
export function cosines(
  one: Float32Array,
  other: Float32Array,
  width: number,
): (i: number, j: number) => number {
  return (i, j) => {
    let sum = 0;
    for (let at = 0; at < width; at += 1) {
      sum += (one[i * width + at] ?? 0) * (other[j * width + at] ?? 0);
    }
    return sum;
  };
}

/** The plain way: words weighed by how often they occur and how few texts have them, by cosine. */
export class WordOverlap {
  private readonly inTexts = new Map<string, number>();
  private readonly texts: number;

  /** @param texts from which the weights of the words are learnt */
  constructor(texts: Iterable<string>) {
    let count = 0;
    for (const text of texts) {
      count += 1;
      for (const word of new Set(wordsOf(text))) {
        this.inTexts.set(word, (this.inTexts.get(word) ?? 0) + 1);
      }
    }
    this.texts = count;
  }

  /** Weights of norm 1. */
  weigh(text: string): Map<string, number> {
    const weights = new Map<string, number>();
    for (const word of wordsOf(text)) {
      const rarity = Math.log((this.texts + 1) / ((this.inTexts.get(word) ?? 0) + 1));
      weights.set(word, (weights.get(word) ?? 0) + rarity);
    }
    const norm = Math.sqrt([...weights.values()].reduce((sum, value) => sum + value * value, 0));
    for (const [word, weight] of weights) weights.set(word, norm === 0 ? 0 : weight / norm);
    return weights;
  }
}

export function overlap(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): number {
  let sum = 0;
  for (const [word, weight] of one) sum += weight * (other.get(word) ?? 0);
  return sum;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+|\p{N}+/gu) ?? [];
}

/** How well plain overlap of words does on the same questions. */
export function scoreOverlap(lines: readonly HeldOut[], words: WordOverlap): RetrievalScore {
  const questions = lines.map(({ query }) => words.weigh(query));
  const answers = lines.map(({ answer }) => words.weigh(answer));
  return scoreRetrieval(lines.length, (i, j) =>
    overlap(questions[i] as Map<string, number>, answers[j] as Map<string, number>),
  );
}
