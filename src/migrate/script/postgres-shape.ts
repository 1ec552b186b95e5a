import { FirstWords } from "./first-words.ts";
import { refusedWords } from "./refused.ts";
import type { Script } from "./script.ts";
import type { StatementShape, Token } from "./token.ts";

/**
 * A PostgreSQL statement ends at a semicolon that is neither in parentheses (CREATE RULE … DO
 * (…; …)) nor in the body of a function written as `BEGIN ATOMIC …; … END`. No statement in such a
 * body begins with END (gram.y has the END of transactions as toplevel_stmt alone), so that END is
 * the body's which stands after a semicolon, or right after ATOMIC.
 */
export class PostgresShape implements StatementShape {
  readonly #script: Script;
  readonly #first: Token;
  readonly #start = new FirstWords();
  readonly #parentheses: Token[] = [];
  #previous: Token | null = null;
  /** The word ATOMIC that begins the body in which the statement is now. */
  #body: Token | null = null;

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
    else if (this.#endsBody(token, depth)) this.#body = null;
    else if (this.#beginsBody(token, depth)) this.#body = token;
    else this.#refuseCopy(token);
    this.#previous = token;
    return false;
  }

  finish(): void {
    const [open] = this.#parentheses;
    if (open !== undefined) this.#script.refuse(open.start, "the parenthesis is not closed");
    if (this.#body !== null) {
      this.#script.refuse(this.#body.start, "the body that BEGIN ATOMIC begins has no END");
    }
    const reason = refusedWords("postgres", this.#start.words);
    if (reason !== null) this.#script.refuse(this.#first.start, reason);
  }

  #endsBody(token: Token, depth: number): boolean {
    const isFirst = this.#previous?.text === ";" || this.#previous === this.#body;
    return this.#body !== null && token.text === "END" && depth === 0 && isFirst;
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
