import type { JobOptions } from "../batch-queue.ts";
import { Patience } from "../patience.ts";
import { type Keyword, KeywordCounter } from "../text/keyword-candidates.ts";
import { judgeLanguages } from "../text/language-gate.ts";
import { endOfPiece } from "../text/pieces.ts";
import { loadStopWords, stopWordLanguages } from "../text/stop-words.ts";
import type { LanguageTask } from "./language.ts";

export interface KeywordsOptions {
  language?: string | undefined;
  /** Most phrases. Default: 10. */
  limit?: number | undefined;
  /** Most words of a phrase. Default: 3. */
  words?: number | undefined;
}

export interface KeywordsResult {
  /** The best first; null when the method cannot tell, and `reason` says why. */
  keywords: Keyword[] | null;
  reason: string | null;
  language: string | null;
  language_confidence: number | null;
}

export const keywordsMethod = { name: "rake-by-count", version: "1" } as const;
export const keywordsLanguages = stopWordLanguages;

/** Finds the phrases that say what texts are about, from the texts alone. */
export class KeywordsTask {
  private readonly language: LanguageTask;

  constructor(language: LanguageTask) {
    this.language = language;
  }

  /** @throws InferenceError as `judgeLanguages` and `LanguageTask.identify` */
  async extract(
    texts: readonly string[],
    { language, limit = 10, words = 3 }: KeywordsOptions,
    options: JobOptions,
  ): Promise<KeywordsResult[]> {
    const patience = new Patience(options);
    const detection = { task: this.language, options };
    const judged = await judgeLanguages(texts, keywordsLanguages, language, detection);
    const results: KeywordsResult[] = [];
    for (const [index, text] of texts.entries()) {
      if (index > 0) await patience.nextTurn();
      const { code = null, confidence = null, reason = null } = judged[index] ?? {};
      const spoken = { reason, language: code, language_confidence: confidence };
      const known = reason === null && code !== null;
      const keywords = known ? await extractFrom(text, code, { words, limit, patience }) : null;
      results.push({ keywords, ...spoken });
    }
    return results;
  }
}

async function extractFrom(
  text: string,
  language: string,
  { words, limit, patience }: { words: number; limit: number; patience: Patience },
): Promise<Keyword[]> {
  const counter = new KeywordCounter(language, await loadStopWords(language), words);
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start);
    counter.add(text.slice(start, end));
    start = end;
    if (start < text.length) await patience.nextTurn();
  }
  return counter.best(limit);
}
