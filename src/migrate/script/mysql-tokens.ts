import {
  codes,
  commentEnd,
  isDigit,
  isFirstOfLine,
  isNamePart,
  isSpace,
  lineEnd,
  quotedEnd,
  skip,
} from "./scan.ts";
import type { Script } from "./script.ts";
import type { Token, TokenReader } from "./token.ts";

/**
 * The lexical rules of MySQL and MariaDB in their default SQL mode (sql/sql_lex.cc), and DELIMITER
 * lines as the mysql client has them (client/mysql.cc).
 */
export class MysqlTokens implements TokenReader {
  readonly #script: Script;
  #at = 0;
  /** Null for a semicolon. */
  #delimiter: string | null = null;
  /** Where a comment begins whose content the server executes. */
  #executed: number | null = null;

  constructor(script: Script) {
    this.#script = script;
  }

  /** A DELIMITER line is in force. */
  get hasDelimiter(): boolean {
    return this.#delimiter !== null;
  }

  next(fresh: boolean): Token | null {
    const { text } = this.#script;
    let start = skip(text, this.#at, isSpace);
    while (fresh && this.#readDelimiterLine(start)) start = skip(text, this.#at, isSpace);
    if (start >= text.length) return null;
    const token = this.#read(start);
    this.#at = token.end;
    return token;
  }

  finish(): void {
    if (this.#executed === null) return;
    this.#script.refuse(this.#executed, "the comment that begins there has no end");
  }

  #read(start: number): Token {
    const script = this.#script;
    const { text } = script;
    const token = (kind: Token["kind"], end: number): Token => ({ kind, start, end, text: "" });
    const delimiter = this.#delimiter;
    if (delimiter !== null && text.startsWith(delimiter, start)) {
      return token("end", start + delimiter.length);
    }
    const code = text.charCodeAt(start);
    if (code === codes.hash || isDashComment(text, start)) {
      return token("comment", lineEnd(text, start));
    }
    if (code === codes.slash && text.charCodeAt(start + 1) === codes.star) {
      return this.#longComment(start);
    }
    if (code === codes.quote || code === codes.doubleQuote) {
      return token("string", quotedEnd(script, start, true, "string"));
    }
    if (code === codes.backtick) return token("name", quotedEnd(script, start, false, "name"));
    if (isNamePart(code)) return this.#word(start);
    return this.#symbol(start);
  }

  #longComment(start: number): Token {
    const script = this.#script;
    const mark = /\/\*M?!\d*/y;
    mark.lastIndex = start;
    if (!mark.test(script.text)) {
      return { kind: "comment", start, end: commentEnd(script, start, false), text: "" };
    }
    this.#executed = start;
    return { kind: "symbol", start, end: mark.lastIndex, text: "/*!" };
  }

  /** A name may begin with a digit. */
  #word(start: number): Token {
    const { text } = this.#script;
    const end = this.#nameEnd(start);
    const isNumber = skip(text, start, isDigit) >= end;
    return {
      kind: isNumber ? "value" : "word",
      start,
      end,
      text: isNumber ? "" : text.slice(start, end).toUpperCase(),
    };
  }

  /** The client finds its delimiter within words too: `END$$`. */
  #nameEnd(start: number): number {
    const { text } = this.#script;
    const end = skip(text, start, isNamePart);
    const delimiter = this.#delimiter;
    if (delimiter === null) return end;
    const cut = text.slice(start, end + delimiter.length).indexOf(delimiter);
    return cut < 0 ? end : Math.min(end, start + cut);
  }

  #symbol(start: number): Token {
    const script = this.#script;
    const { text } = script;
    if (this.#executed !== null && text.startsWith("*/", start)) {
      this.#executed = null;
      return { kind: "symbol", start, end: start + 2, text: "*/" };
    }
    const symbol = text.charAt(start);
    if (symbol === "@") {
      const name = skip(text, start, (code) => code === text.charCodeAt(start));
      return { kind: "value", start, end: this.#nameEnd(name), text: "" };
    }
    if (symbol === "\\" && text.charAt(start + 1) !== "N") {
      return script.refuse(
        start,
        "a backslash begins a command of the mysql client, and studio sends SQL without that client",
      );
    }
    // Nothing ends a statement within a comment that the server executes.
    const isInner = symbol === ";" && this.#executed !== null;
    return { kind: "symbol", start, end: start + 1, text: isInner ? "" : symbol };
  }

  /** Obeys `DELIMITER //` where it stands at the start of a line, between statements. */
  #readDelimiterLine(start: number): boolean {
    const script = this.#script;
    const { text } = script;
    if (!/^delimiter$/i.test(text.slice(start, start + 9))) return false;
    const afterWord = text.charCodeAt(start + 9);
    if (start + 9 < text.length && !isSpace(afterWord)) return false;
    if (!isFirstOfLine(text, start)) return false;
    const end = lineEnd(text, start);
    const [word = ""] = text
      .slice(start + 9, end)
      .trim()
      .split(/\s/, 1);
    const delimiter = /^(['"`])(.+)\1$/.exec(word)?.[2] ?? word;
    if (delimiter === "" || delimiter.includes("\\")) {
      return script.refuse(
        start,
        "DELIMITER needs the new delimiter behind it, and that cannot hold a backslash",
      );
    }
    this.#delimiter = delimiter === ";" ? null : delimiter;
    this.#at = end;
    return true;
  }
}

/** Two minus signs begin a comment only with white space, or the end of the text, after them. */
function isDashComment(text: string, start: number): boolean {
  if (!text.startsWith("--", start)) return false;
  const code = text.charCodeAt(start + 2);
  return !(code > codes.space) || code === 0x7f;
}
