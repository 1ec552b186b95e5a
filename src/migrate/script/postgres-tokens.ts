import {
  codes,
  commentEnd,
  isDigit,
  isLetter,
  isNamePart,
  isSpace,
  quotedEnd,
  skip,
} from "./scan.ts";
import type { Script } from "./script.ts";
import type { Token, TokenReader } from "./token.ts";

/**
 * PostgreSQL's lexical rules, with standard_conforming_strings on as it is by default
 * (src/backend/parser/scan.l).
 */
export class PostgresTokens implements TokenReader {
  readonly #script: Script;
  #at = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  next(): Token | null {
    const { text } = this.#script;
    const start = skip(text, this.#at, isSpace);
    if (start >= text.length) return null;
    const token = this.#read(start);
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
      return token("comment", endOfLine(text, start));
    }
    if (code === codes.slash && following === codes.star) {
      return token("comment", commentEnd(script, start, true));
    }
    if (code === codes.quote) return token("string", quotedEnd(script, start, false, "string"));
    if (code === codes.doubleQuote) return token("name", quotedEnd(script, start, false, "name"));
    if (code === codes.dollar) return this.#dollar(start);
    if (isDigit(code)) return token("value", skip(text, start, isDigit));
    if (isLetter(code)) return this.#word(start);
    if (code === codes.backslash) {
      return script.refuse(
        start,
        "a backslash begins a command of psql, and studio sends SQL to the server without psql",
      );
    }
    return { kind: "symbol", start, end: start + 1, text: text.charAt(start) };
  }

  /** A word, or a string or name with a prefix: E'…', U&'…', U&"…". */
  #word(start: number): Token {
    const script = this.#script;
    const { text } = script;
    const end = skip(text, start, isNamePart);
    const word = text.slice(start, end).toUpperCase();
    if (word === "E" && text.charCodeAt(end) === codes.quote) {
      return { kind: "string", start, end: escapedEnd(script, end), text: "" };
    }
    // What begins with other prefixes (B, X, N, U&) ends as if it had none.
    return { kind: "word", start, end, text: word };
  }

  /** `$tag$ … $tag$`, `$1`, or a dollar that means nothing. */
  #dollar(start: number): Token {
    const script = this.#script;
    const { text } = script;
    const end = dollarQuotedEnd(script, start);
    if (end !== null) return { kind: "string", start, end, text: "" };
    return { kind: "value", start, end: skip(text, start + 1, isDigit), text: "" };
  }
}

/** A line break of either kind ends a comment. */
function endOfLine(text: string, start: number): number {
  return skip(
    text,
    start,
    (code) => code >= 0 && code !== codes.lineFeed && code !== codes.carriageReturn,
  );
}

/** The offset after E'…' and after what goes on with it on a later line, which escapes as well. */
function escapedEnd(script: Script, at: number): number {
  const { text } = script;
  let end = quotedEnd(script, at, true, "string");
  for (;;) {
    const next = continuation(text, end);
    if (next === null) return end;
    end = quotedEnd(script, next, true, "string");
  }
}

/** A quote after white space with a line break, and comments that end with their line. */
function continuation(text: string, end: number): number | null {
  let at = end;
  for (;;) {
    at = skip(text, at, isSpace);
    if (!text.startsWith("--", at)) break;
    at = endOfLine(text, at);
  }
  if (text.charCodeAt(at) !== codes.quote) return null;
  return /[\n\r]/.test(text.slice(end, at)) ? at : null;
}

function dollarQuotedEnd(script: Script, start: number): number | null {
  const { text } = script;
  const first = text.charCodeAt(start + 1);
  const isTagPart = (code: number) => isLetter(code) || isDigit(code);
  const tagEnd = isLetter(first) ? skip(text, start + 1, isTagPart) : start + 1;
  if (text.charCodeAt(tagEnd) !== codes.dollar) return null;
  const mark = text.slice(start, tagEnd + 1);
  const end = text.indexOf(mark, tagEnd + 1);
  if (end < 0) return script.refuse(start, `the string that ${mark} begins there has no end`);
  return end + mark.length;
}
