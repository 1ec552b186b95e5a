import { FirstWords } from "./first-words.ts";
import { refusedWords } from "./refused.ts";
import type { Script } from "./script.ts";
import type { StatementShape, Token } from "./token.ts";

/**
 * A SQLite statement ends at a semicolon; one that creates a trigger at the semicolon after `;END`,
 * as in sqlite3_complete() (src/complete.c): no statement within begins with END.
 */
export class SqliteShape implements StatementShape {
  readonly #script: Script;
  readonly #first: Token;
  readonly #start = new FirstWords();
  /** Where the trigger's body begins. */
  #begin: Token | null = null;
  #previous: Token | null = null;
  #isComplete = true;

  constructor(script: Script, first: Token) {
    this.#script = script;
    this.#first = first;
  }

  ends(token: Token): boolean {
    if (token.text === ";" && this.#isComplete) return true;
    this.#start.take(token);
    if (this.#begin !== null) {
      this.#isComplete = token.text === "END" && this.#previous?.text === ";";
    } else if (token.text === "BEGIN" && this.#isTrigger()) {
      this.#begin = token;
      this.#isComplete = false;
    }
    this.#previous = token;
    return false;
  }

  finish(): void {
    if (!this.#isComplete) {
      this.#script.refuse(
        (this.#begin ?? this.#first).start,
        "the body of the trigger that BEGIN begins has no END after a semicolon",
      );
    }
    const reason = refusedWords("sqlite", this.#start.words);
    if (reason !== null) this.#script.refuse(this.#first.start, reason);
  }

  #isTrigger(): boolean {
    return this.#start.match(/^CREATE (TEMP |TEMPORARY )?TRIGGER\b/);
  }
}
