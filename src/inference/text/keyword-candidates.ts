// Rapid automatic keyword extraction: S. Rose, D. Engel, N. Cramer, W. Cowley, Automatic keyword
// extraction from individual documents (Text Mining: Applications and Theory, 2010). A phrase's score
// is taken as often as the phrase occurs, which did better where it was measured.
import { segmenter } from "./segmenter.ts";

export interface Keyword {
  /** As the text has it the first time. */
  phrase: string;
  /** The sum of its words' degree by frequency, times `count`: higher says more. */
  score: number;
  /** How often the text has the phrase. */
  count: number;
}

/** A run of words between stop words and punctuation. */
interface Candidate {
  words: string[];
  phrase: string;
  count: number;
}

/** Counts the candidates of a text, piece by piece. */
export class KeywordCounter {
  private readonly candidates = new Map<string, Candidate>();
  private readonly frequency = new Map<string, number>();
  private readonly degree = new Map<string, number>();
  private readonly stopWords: ReadonlySet<string>;
  private readonly longest: number;
  private readonly language: string;

  /** @param longest most words of a phrase; longer runs are not counted */
  constructor(language: string, stopWords: ReadonlySet<string>, longest: number) {
    this.language = language;
    this.stopWords = stopWords;
    this.longest = longest;
  }

  add(piece: string): void {
    let run: { word: string; start: number; end: number }[] = [];
    const end = (): void => {
      if (run.length > 0) this.count(run, piece);
      run = [];
    };
    for (const { segment, index, isWordLike } of segmenter(this.language, "word").segment(piece)) {
      const word = segment.toLowerCase();
      // A hyphen joins; a space parts words of one run; anything else ends it.
      if (segment === "-" || segment === " ") continue;
      if (isWordLike !== true || this.stopWords.has(word) || !/\p{L}/u.test(word)) end();
      else run.push({ word, start: index, end: index + segment.length });
    }
    end();
  }

  /** The best phrases, the best first. */
  best(limit: number): Keyword[] {
    const scoreOf = (word: string): number =>
      (this.degree.get(word) ?? 0) / (this.frequency.get(word) ?? 1);
    return [...this.candidates.values()]
      .map(({ words, phrase, count }) => {
        return {
          phrase,
          score: count * words.reduce((sum, word) => sum + scoreOf(word), 0),
          count,
        };
      })
      .toSorted((one, other) => other.score - one.score)
      .slice(0, limit);
  }

  private count(run: readonly { word: string; start: number; end: number }[], piece: string): void {
    if (run.length > this.longest) return;
    const words = run.map(({ word }) => word);
    for (const word of words) {
      this.frequency.set(word, (this.frequency.get(word) ?? 0) + 1);
      this.degree.set(word, (this.degree.get(word) ?? 0) + words.length);
    }
    const key = words.join(" ");
    const known = this.candidates.get(key);
    if (known !== undefined) known.count += 1;
    else {
      const phrase = piece.slice(run[0]?.start, run.at(-1)?.end);
      this.candidates.set(key, { words, phrase, count: 1 });
    }
  }
}
