import type { Cancellation } from "../cancellation.ts";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Tokenizer } from "@huggingface/tokenizers";
import { InferenceError } from "../inference-error.ts";
import type { EmbeddingSettings } from "./embedding-folder.ts";

/** Characters that are tokenized before other requests get their turn: 1 to 4 ms. */
const charactersPerTurn = 1000;

/** No piece is shorter, but for the last. */
const leastCharacters = 200;

/**
 * A longer stretch without a space is cut, and its tokens may differ there from those of the whole:
 * Unigram takes four times as long for a word of twice the length, and 12 ms for this one.
 */
const longestWord = 2000;

/** Tokens near the end of what was read that a longer text could have had differently. */
const unsureTokens = 16;

/** The ids of a text, and whether there would have been more. */
export interface TokenizedText {
  ids: number[];
  truncated: boolean;
}

/** Turns texts into the token ids of one model; made once for each, as its vocabulary is large. */
export class TextTokenizer {
  readonly maximumTokens: number;
  /** What fills up the shorter rows of a batch; their attention mask is 0 there. */
  readonly paddingId: number;
  /** Ids are below this. */
  readonly vocabularySize: number;
  private readonly tokenizer: Tokenizer;
  private readonly lowerCase: boolean;
  private readonly before: readonly number[];
  private readonly after: readonly number[];

  private constructor(tokenizer: Tokenizer, settings: EmbeddingSettings) {
    this.tokenizer = tokenizer;
    this.lowerCase = settings.lowerCase;
    this.maximumTokens = settings.maximumTokens;
    this.paddingId = findPadding(tokenizer, settings);
    this.vocabularySize = highestId(tokenizer) + 1;
    [this.before, this.after] = surroundings(tokenizer);
    if (this.before.length + this.after.length >= this.maximumTokens) {
      throw new Error(`the longest text of ${this.maximumTokens} tokens has no room for words`);
    }
  }

  /** @throws Error when the files describe no tokenizer that is known */
  static async create(settings: EmbeddingSettings): Promise<TextTokenizer> {
    const { Tokenizer } = await import("@huggingface/tokenizers");
    // Older files leave out what they do without; the library wants it said.
    const none = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
    const description = { ...none, ...settings.tokenizer };
    const tokenizer = new Tokenizer(description, settings.tokenizerConfig);
    return new TextTokenizer(tokenizer, settings);
  }

  /**
   * The ids of a text with the model's special tokens around it, at most `maximumTokens`. Long texts
   * are read piece by piece, from space to space, and no further than their ids are needed; between
   * the pieces other requests get their turn.
   * @throws InferenceError `inference.cancelled`
   */
  async encode(text: string, signal?: Cancellation): Promise<TokenizedText> {
    const room = this.maximumTokens - this.before.length - this.after.length;
    const whole = this.lowerCase ? text.toLowerCase() : text;
    const ids: number[] = [];
    refuseIfGone(signal);
    for (let start = 0; start < whole.length && ids.length < room + unsureTokens; ) {
      if (start > 0) {
        await nextTurn();
        refuseIfGone(signal);
      }
      const end = endOfPiece(whole, start);
      const piece = whole.slice(start, end);
      for (const id of this.tokenizer.encode(piece, { add_special_tokens: false }).ids)
        ids.push(id);
      start = end;
    }
    const kept = [...this.before, ...ids.slice(0, room), ...this.after];
    return { ids: kept, truncated: ids.length > room };
  }
}

/** Where a piece ends: before a single space between two words, so that the next one begins so. */
function endOfPiece(text: string, start: number): number {
  const usual = start + charactersPerTurn;
  if (usual >= text.length) return text.length;
  for (let at = usual; at >= start + leastCharacters; at -= 1) {
    if (isBorder(text, at)) return at;
  }
  const limit = Math.min(text.length, start + longestWord);
  for (let at = usual + 1; at < limit; at += 1) {
    if (isBorder(text, at)) return at;
  }
  // Not between the two halves of a character beyond the Basic Multilingual Plane.
  const low = text.charCodeAt(limit) & 0xfc00;
  return low === 0xdc00 ? limit - 1 : limit;
}

function isBorder(text: string, at: number): boolean {
  return text[at] === " " && isVisible(text[at - 1]) && isVisible(text[at + 1]);
}

function isVisible(character: string | undefined): boolean {
  return character !== undefined && /\S/.test(character);
}

/** One by one: as parameters of a call, the ids of a large vocabulary overflow the stack. */
function highestId(tokenizer: Tokenizer): number {
  let highest = -1;
  for (const id of tokenizer.get_vocab(true).values()) highest = Math.max(highest, id);
  return highest;
}

/** The special tokens that the tokenizer puts before and after a text. */
function surroundings(tokenizer: Tokenizer): [number[], number[]] {
  const bare: number[] = tokenizer.encode("a", { add_special_tokens: false }).ids;
  const full: number[] = tokenizer.encode("a").ids;
  const start = full.findIndex((_, at) => bare.every((id, offset) => full[at + offset] === id));
  if (bare.length === 0 || start < 0) {
    throw new Error("its tokenizer has no token for the letter a");
  }
  return [full.slice(0, start), full.slice(start + bare.length)];
}

function findPadding(tokenizer: Tokenizer, settings: EmbeddingSettings): number {
  const { padding } = settings.tokenizer as { padding?: { pad_id?: unknown } | null };
  if (typeof padding?.pad_id === "number") return padding.pad_id;
  const { pad_token: token } = settings.tokenizerConfig as { pad_token?: unknown };
  const name = typeof token === "string" ? token : (token as { content?: string } | null)?.content;
  return (name === undefined ? undefined : tokenizer.token_to_id(name)) ?? 0;
}

function refuseIfGone(signal: Cancellation | undefined): void {
  if (signal?.aborted !== true) return;
  throw new InferenceError("inference.cancelled", "The caller went away before the answer.");
}
