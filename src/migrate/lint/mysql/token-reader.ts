import { writeName } from "../names.ts";
import type { Token } from "./tokens.ts";

/** A place in a list of tokens that moves on as words are taken. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get rest(): readonly Token[] {
    return this.#tokens.slice(this.#at);
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Takes these words if they all come next, in this order. */
  take(...words: string[]): boolean {
    const isNext = words.every((word, index) => {
      const token = this.#tokens[this.#at + index];
      return token?.text === word && (token.kind === "word" || token.kind === "symbol");
    });
    if (isNext) this.#at += words.length;
    return isNext;
  }

  /** Takes one of these words, and tells which. */
  takeOneOf(...words: string[]): string | null {
    return words.find((word) => this.take(word)) ?? null;
  }

  /** Takes a token whatever it is, and tells its text. */
  takeAny(): string | null {
    const token = this.#tokens[this.#at];
    if (token === undefined) return null;
    this.#at += 1;
    return token.text;
  }

  /**
   * Takes a name, possibly of the form database.name, as it stands in SQL.
   * @param sql the text that the tokens are from: a word keeps its case
   */
  takeName(sql: string): string | null {
    const parts: string[] = [];
    do {
      const token = this.#tokens[this.#at];
      if (token === undefined || (token.kind !== "word" && token.kind !== "quotedName"))
        return null;
      this.#at += 1;
      const written = sql.slice(token.start, token.end);
      parts.push(
        token.kind === "word" ? written : written.replaceAll(/^`|`$/g, "").replaceAll("``", "`"),
      );
    } while (this.take("."));
    return writeName("mysql", parts);
  }
}
