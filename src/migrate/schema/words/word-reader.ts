import type { Dialect } from "../../../database/address.ts";
import { closing } from "../expression/parentheses.ts";
import { type Token, tokenize } from "../expression/tokens.ts";
import { joinName } from "../names.ts";

/** A text in the short form of something cannot be read; the message says what was expected. */
export class WordsError extends Error {}

/** Reads a short form from left to right. Names are exact: case counts, odd ones are in quotes. */
export class WordReader {
  readonly dialect: Dialect;
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private position = 0;

  constructor(text: string, dialect: Dialect) {
    const tokens = tokenize(text, dialect);
    if (tokens === null) throw new WordsError(`"${text}" cannot be read: is a quote left open?`);
    this.text = text;
    this.tokens = tokens;
    this.dialect = dialect;
  }

  isAtEnd(): boolean {
    return this.position >= this.tokens.length;
  }

  /** Whether these words come next, in any case. */
  sees(phrase: string): boolean {
    return phrase.split(" ").every((word, index) => this.isAt(this.position + index, word));
  }

  take(phrase: string): boolean {
    if (!this.sees(phrase)) return false;
    this.position += phrase.split(" ").length;
    return true;
  }

  /** Takes the first of several phrases that comes next. */
  takeOne<T extends string>(phrases: readonly T[]): T | null {
    return phrases.find((phrase) => this.take(phrase)) ?? null;
  }

  expect(phrase: string): void {
    if (!this.take(phrase)) throw this.unexpected(`"${phrase}"`);
  }

  /** A name, with its schema before a dot. */
  name(): string {
    const parts = [this.plainName()];
    while (this.dialect === "postgres" && this.take(".")) parts.push(this.plainName());
    return this.dialect === "postgres" ? joinName(...parts) : parts.join(".");
  }

  plainName(): string {
    const token = this.tokens[this.position];
    if (token?.kind !== "word" && token?.kind !== "quoted") throw this.unexpected("a name");
    this.position++;
    return token.text;
  }

  number(): string {
    const sign = this.take("-") ? "-" : "";
    const token = this.tokens[this.position];
    if (token?.kind !== "number") throw this.unexpected("a number");
    this.position++;
    return sign + token.text;
  }

  /** What is between a pair of parentheses, as it is written. */
  group(): string {
    if (!this.isAt(this.position, "(")) throw this.unexpected('"("');
    const start = this.tokens[this.position]?.end ?? 0;
    const end = closing(this.tokens, this.position);
    if (end === -1) throw new WordsError(`a parenthesis is left open in "${this.text}"`);
    this.position = end + 1;
    return this.text.slice(start, this.tokens[end]?.start).trim();
  }

  /** What comes before one of these words, outside parentheses; "" for nothing. */
  until(isEnd: (reader: WordReader, previous: string) => boolean): string {
    const start = this.tokens[this.position]?.start ?? this.text.length;
    let end = start;
    let previous = "";
    while (!this.isAtEnd() && !isEnd(this, previous)) {
      const last = Math.max(this.position, closing(this.tokens, this.position));
      const isOpen = ["(", "["].includes(this.tokens[this.position]?.text ?? "");
      this.position = (isOpen ? last : this.position) + 1;
      end = this.tokens[this.position - 1]?.end ?? end;
      previous = this.tokens[this.position - 1]?.text.toLowerCase() ?? "";
    }
    return this.text.slice(start, end);
  }

  rest(): string {
    return this.until(() => false);
  }

  unexpected(expected: string): WordsError {
    const token = this.tokens[this.position];
    const found = token === undefined ? "the end" : `"${this.text.slice(token.start, token.end)}"`;
    return new WordsError(`${expected} is expected where ${found} is`);
  }

  private isAt(position: number, word: string): boolean {
    const token = this.tokens[position];
    if (token === undefined || (token.kind !== "word" && token.kind !== "symbol")) return false;
    return token.text.toLowerCase() === word;
  }
}

/** A name as a short form holds it. */
export function wordOfName(name: string, dialect: Dialect): string {
  if (/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name)) return name;
  if (dialect === "mysql") return `\`${name.replaceAll("`", "``")}\``;
  return `"${name.replaceAll('"', '""')}"`;
}

/** The reverse of `WordReader.name`. */
export function wordOfQualified(parts: readonly string[], dialect: Dialect): string {
  return parts.map((part) => wordOfName(part, dialect)).join(".");
}
