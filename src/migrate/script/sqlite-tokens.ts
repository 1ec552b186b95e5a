import {
  codes,
  commentEnd,
  isDigit,
  isLetter,
  isNamePart,
  isSpace,
  lineEnd,
  quotedEnd,
  skip,
} from "./scan.ts";
import type { Script } from "./script.ts";
import type { Token, TokenReader } from "./token.ts";

/** SQLite's lexical rules (src/tokenize.c). */
export class SqliteTokens implements TokenReader {
  readonly #script: Script;
  #at = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  next(fresh: boolean): Token | null {
    const { text } = this.#script;
    const start = skip(text, this.#at, isSpace);
    if (start >= text.length) return null;
    const token = this.#read(start);
    if (fresh && token.text === ".") {
      return this.#script.refuse(
        start,
        "a dot begins a command of the sqlite3 program, and studio runs SQL without that program",
      );
    }
    this.#at = token.end;
    return token;
  }

  finish(): void {
    // Nothing spans tokens.
  }

  #read(start: number): Token {
    const script = this.#script;
    const { text } = script;
    const code = text.charCodeAt(start);
    const following = text.charCodeAt(start + 1);
    const token = (kind: Token["kind"], end: number): Token => ({ kind, start, end, text: "" });
    if (code === codes.minus && following === codes.minus) {
      return token("comment", lineEnd(text, start));
    }
    if (code === codes.slash && following === codes.star) {
      return token("comment", commentEnd(script, start, false));
    }
    if (code === codes.quote) return token("string", quotedEnd(script, start, false, "string"));
    if (code === codes.doubleQuote || code === codes.backtick) {
      return token("name", quotedEnd(script, start, false, "name"));
    }
    if (code === codes.bracket) return token("name", this.#bracketEnd(start));
    if (isDigit(code)) return token("value", skip(text, start, isDigit));
    if (isLetter(code)) {
      const end = skip(text, start, isNamePart);
      return { kind: "word", start, end, text: text.slice(start, end).toUpperCase() };
    }
    // A parameter is no word, whatever its name.
    if ("$@:#?".includes(text.charAt(start)) && isNamePart(following)) {
      return token("value", skip(text, start + 1, isNamePart));
    }
    return { kind: "symbol", start, end: start + 1, text: text.charAt(start) };
  }

  #bracketEnd(start: number): number {
    const end = this.#script.text.indexOf("]", start);
    if (end < 0) return this.#script.refuse(start, "the name that begins there has no end");
    return end + 1;
  }
}
