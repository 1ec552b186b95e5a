import { Patience } from "../patience.ts";
import { endOfPiece } from "../text/pieces.ts";
import { segmenter } from "../text/segmenter.ts";

export interface TextStatistics {
  /** Characters as a reader counts them: grapheme clusters (UAX #29). */
  characters: number;
  /** The same without white space. */
  characters_without_spaces: number;
  /** Segments that are words by UAX #29, which for languages without spaces uses a dictionary. */
  words: number;
  /** Words that differ, in lower case. */
  unique_words: number;
  sentences: number;
  /** Runs of lines that hold something. */
  paragraphs: number;
  /** Seconds to read it silently, at `words_per_minute`. */
  reading_seconds: number;
}

export interface StatisticsOptions {
  /**
   * Default: 238, the mean for adults reading English non-fiction (Brysbaert 2019, How many words do
   * we read per minute?, Journal of Memory and Language 109).
   */
  wordsPerMinute?: number | undefined;
  /** A language tag that decides where words end; default: rules that fit all languages. */
  language?: string | undefined;
  /** Of the caller. Default: without an end. */
  patience?: Patience | undefined;
}

export const statisticsMethod = { name: "unicode-segmentation", version: "UAX #29" } as const;

const defaultWordsPerMinute = 238;

const endless = new Patience({ timeout: Infinity });

/**
 * Counts what a text holds.
 * @throws InferenceError `inference.cancelled`, `inference.deadline`, or `inference.input` for no language tag
 */
export async function countText(
  text: string,
  options: StatisticsOptions = {},
): Promise<TextStatistics> {
  const { wordsPerMinute = defaultWordsPerMinute, language, patience = endless } = options;
  const counts = new Counts(language);
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start);
    counts.add(text.slice(start, end));
    start = end;
    if (start < text.length) await patience.nextTurn();
  }
  const { characters, spaces, words, unique, sentences } = counts;
  return {
    characters,
    characters_without_spaces: characters - spaces,
    words,
    unique_words: unique.size,
    sentences,
    paragraphs: text.split(/\n\s*\n/).filter((part) => part.trim() !== "").length,
    reading_seconds: Math.round((words / wordsPerMinute) * 600) / 10,
  };
}

class Counts {
  characters = 0;
  spaces = 0;
  words = 0;
  sentences = 0;
  readonly unique = new Set<string>();
  private readonly language: string | undefined;

  constructor(language: string | undefined) {
    this.language = language;
  }

  add(piece: string): void {
    for (const { segment } of this.segments(piece, "grapheme")) {
      this.characters += 1;
      if (/^\s/.test(segment)) this.spaces += 1;
    }
    for (const { segment, isWordLike } of this.segments(piece, "word")) {
      if (isWordLike !== true) continue;
      this.words += 1;
      this.unique.add(segment.toLowerCase());
    }
    for (const { segment } of this.segments(piece, "sentence")) {
      if (segment.trim() !== "") this.sentences += 1;
    }
  }

  private segments(piece: string, granularity: "grapheme" | "word" | "sentence"): Intl.Segments {
    return segmenter(this.language, granularity).segment(piece);
  }
}
