// Learns the word pieces of a tokenizer: byte-pair encoding over the corpus's words, as the
// trainer of WordPiece in Hugging Face's tokenizers does (Sennrich et al. 2016, arXiv:1508.07909).

interface Word {
  pieces: string[];
  count: number;
}

const joined = (one: string, other: string): string => one + other.replace(/^##/, "");

/**
 * The pieces, single characters first, then in the order in which they were joined. A piece that
 * continues a word begins with "##".
 * @param counts how often each word occurs
 */
export function learnPieces(counts: ReadonlyMap<string, number>, size: number): string[] {
  const words: Word[] = [...counts].map(([word, count]) => {
    return { pieces: Array.from(word, (letter, at) => (at === 0 ? letter : `##${letter}`)), count };
  });
  const pieces = new Set(words.flatMap((word) => word.pieces).toSorted());
  const pairs = new PairCounts(words);
  while (pieces.size < size) {
    const pair = pairs.mostFrequent();
    if (pair === null) break;
    pieces.add(joined(...pair));
    pairs.join(...pair);
  }
  return [...pieces];
}

/** How often two pieces stand side by side, and in which words. */
class PairCounts {
  private readonly words: readonly Word[];
  private readonly counts = new Map<string, number>();
  private readonly places = new Map<string, Set<number>>();
  /** Pairs by the power of two that their count reaches: the top is found without a full scan. */
  private readonly levels: Set<string>[] = Array.from({ length: 40 }, () => new Set());

  constructor(words: readonly Word[]) {
    this.words = words;
    for (const index of words.keys()) this.change(index, 1);
  }

  mostFrequent(): [string, string] | null {
    const level = this.levels.findLast(({ size }) => size > 0);
    let best: string | null = null;
    for (const pair of level ?? []) {
      const more =
        (this.counts.get(pair) ?? 0) - (best === null ? 0 : (this.counts.get(best) ?? 0));
      if (more > 0 || (more === 0 && best !== null && pair < best)) best = pair;
    }
    return best === null ? null : (best.split(" ") as [string, string]);
  }

  join(one: string, other: string): void {
    // A copy: the set changes with each word.
    const indexes = [...(this.places.get(`${one} ${other}`) ?? [])];
    for (const index of indexes) {
      this.change(index, -1);
      const { pieces } = this.words[index] as Word;
      for (let at = 0; at + 1 < pieces.length; at += 1) {
        if (pieces[at] === one && pieces[at + 1] === other) {
          pieces.splice(at, 2, joined(one, other));
        }
      }
      this.change(index, 1);
    }
  }

  private change(index: number, sign: 1 | -1): void {
    const { pieces, count } = this.words[index] as Word;
    for (let at = 0; at + 1 < pieces.length; at += 1) {
      const pair = `${pieces[at]} ${pieces[at + 1]}`;
      const before = this.counts.get(pair) ?? 0;
      const after = before + sign * count;
      this.counts.set(pair, after);
      if (before > 0) this.levels[Math.floor(Math.log2(before))]?.delete(pair);
      if (after > 0) this.levels[Math.floor(Math.log2(after))]?.add(pair);
      const places = this.places.get(pair) ?? new Set();
      this.places.set(pair, places);
      if (sign > 0) places.add(index);
      else places.delete(index);
    }
  }
}

/** The tokenizer of BERT, uncased, with these pieces and no special tokens around a text. */
export function describeTokenizer(pieces: readonly string[]): object {
  const special = ["[PAD]", "[UNK]"];
  const vocabulary = Object.fromEntries([...special, ...pieces].map((piece, id) => [piece, id]));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: true,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: vocabulary,
    },
  };
}
