import { FirstWords } from "./first-words.ts";
import { refusedWords } from "./refused.ts";
import type { Script } from "./script.ts";
import type { StatementShape, Token } from "./token.ts";

/**
 * A PostgreSQL statement ends at a semicolon that is neither in parentheses (CREATE RULE … DO
 * (…; …)) nor in the body of a function written as `BEGIN ATOMIC …; … END`.
 */
export class PostgresShape implements StatementShape {
  readonly #script: Script;
  readonly #first: Token;
  readonly #start = new FirstWords();
  readonly #parentheses: Token[] = [];
  #previous: Token | null = null;
  #body: AtomicBody | null = null;

  constructor(script: Script, first: Token) {
    this.#script = script;
    this.#first = first;
  }

  ends(token: Token): boolean {
    const depth = this.#parentheses.length;
    if (token.text === ";" && depth === 0 && this.#body === null) return true;
    this.#start.take(token);
    if (token.text === "(") this.#parentheses.push(token);
    else if (token.text === ")") this.#parentheses.pop();
    else if (this.#body !== null) {
      if (this.#body.ends(token, this.#previous, depth)) this.#body = null;
    } else if (this.#beginsBody(token, depth)) this.#body = new AtomicBody(token);
    else this.#refuseCopy(token);
    this.#previous = token;
    return false;
  }

  finish(): void {
    const [open] = this.#parentheses;
    if (open !== undefined) this.#script.refuse(open.start, "the parenthesis is not closed");
    if (this.#body !== null) {
      this.#script.refuse(this.#body.begin.start, "the body that BEGIN ATOMIC begins has no END");
    }
    const reason = refusedWords("postgres", this.#start.words);
    if (reason !== null) this.#script.refuse(this.#first.start, reason);
  }

  #beginsBody(token: Token, depth: number): boolean {
    return (
      token.text === "ATOMIC" &&
      this.#previous?.text === "BEGIN" &&
      depth === 0 &&
      this.#start.match(/^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b/)
    );
  }

  /** The lines after it would be data, and the server waits for them. */
  #refuseCopy(token: Token): void {
    if (!/^STD(IN|OUT)$/.test(token.text) || this.#previous?.text !== "FROM") return;
    if (!this.#start.match(/^COPY\b/) || this.#parentheses.length > 0) return;
    this.#script.refuse(
      this.#first.start,
      "COPY … FROM STDIN needs a client that sends rows after it; write INSERT statements, or a " +
        "migration in TypeScript that reads a file",
    );
  }
}

/** `BEGIN ATOMIC statement; … END`, with CASE … END in the statements. */
class AtomicBody {
  readonly begin: Token;
  /** For each CASE that is open, how many parentheses are open around it. */
  readonly #cases: number[] = [];

  constructor(begin: Token) {
    this.begin = begin;
  }

  /** @returns true for the END of the body */
  ends(token: Token, previous: Token | null, depth: number): boolean {
    // `AS end` and `row.case` are names.
    const isName = previous?.text === "." || previous?.text === "AS";
    if (token.kind !== "word" || isName) return false;
    if (token.text === "CASE" && !isValue(previous)) this.#cases.push(depth);
    if (token.text !== "END") return false;
    if (this.#cases.length > 0) {
      if (this.#cases.at(-1) === depth) this.#cases.pop();
      return false;
    }
    return depth === 0 && (previous?.text === ";" || previous === this.begin);
  }
}

/** After a constant, CASE can only be the name of a column of the result. */
function isValue(token: Token | null): boolean {
  return token?.kind === "value" || token?.kind === "string" || token?.kind === "name";
}
