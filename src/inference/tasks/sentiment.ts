import type { JobOptions } from "../batch-queue.ts";
import { Patience } from "../patience.ts";
import { judgeLanguages } from "../text/language-gate.ts";
import {
  type Lexicon,
  loadLexicon,
  measureValence,
  scoreOf,
  type Valence,
} from "../text/valence.ts";
import { endOfPiece } from "../text/pieces.ts";
import type { LanguageTask } from "./language.ts";

export type SentimentLabel = "positive" | "negative" | "neutral";

export interface SentimentResult {
  /** Null when the method cannot tell; `reason` says why. */
  label: SentimentLabel | null;
  /** -1 to 1; no probability. */
  score: number | null;
  reason: string | null;
  language: string | null;
  language_confidence: number | null;
  /** The words of the lexicon that decided, as often as they occur; at most 50 of each. */
  positive: string[];
  negative: string[];
}

export const sentimentMethod = { name: "afinn-165-with-negation", version: "1" } as const;
export const sentimentLanguages: readonly string[] = ["en"];

/** Scores nearer to 0 than this are called neutral, as VADER does. */
const neutral = 0.05;

/** Words of each kind that are named. */
const mostWords = 50;

/** Tells whether texts speak well or badly of something, by a lexicon of English words. */
export class SentimentTask {
  private readonly language: LanguageTask;

  constructor(language: LanguageTask) {
    this.language = language;
  }

  /** @throws InferenceError as `judgeLanguages` and `LanguageTask.identify` */
  async judge(
    texts: readonly string[],
    { language }: { language?: string | undefined },
    options: JobOptions,
  ): Promise<SentimentResult[]> {
    const patience = new Patience(options);
    const detection = { task: this.language, options };
    const judged = await judgeLanguages(texts, sentimentLanguages, language, detection);
    const lexicon = await loadLexicon();
    const results: SentimentResult[] = [];
    for (const [index, text] of texts.entries()) {
      if (index > 0) await patience.nextTurn();
      const { code, confidence, reason } = judged[index] ?? {};
      const spoken = { language: code ?? null, language_confidence: confidence ?? null };
      const found = typeof reason === "string" ? null : await measure(text, lexicon, patience);
      results.push({ ...describeValence(found, reason ?? null), ...spoken });
    }
    return results;
  }
}

async function measure(text: string, lexicon: Lexicon, patience: Patience): Promise<Valence> {
  const total: Valence = { sum: 0, words: 0, positive: [], negative: [] };
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start);
    const { sum, words, positive, negative } = measureValence(text.slice(start, end), lexicon);
    total.sum += sum;
    total.words += words;
    total.positive.push(...positive);
    total.negative.push(...negative);
    start = end;
    if (start < text.length) await patience.nextTurn();
  }
  return total;
}

function describeValence(
  valence: Valence | null,
  reason: string | null,
): Pick<SentimentResult, "label" | "score" | "reason" | "positive" | "negative"> {
  if (valence === null) return { label: null, score: null, reason, positive: [], negative: [] };
  const positive = valence.positive.slice(0, mostWords);
  const negative = valence.negative.slice(0, mostWords);
  if (valence.words === 0) {
    const reason = "The text has no word of the lexicon.";
    return { label: null, score: null, reason, positive, negative };
  }
  const score = Math.round(scoreOf(valence.sum) * 1e4) / 1e4;
  const label = Math.abs(score) < neutral ? "neutral" : score > 0 ? "positive" : "negative";
  return { label, score, reason: null, positive, negative };
}
