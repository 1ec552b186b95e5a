import { FirstWords } from "./first-words.ts";
import { MysqlBody, UnclearBody } from "./mysql-body.ts";
import { MysqlRoutine } from "./mysql-routine.ts";
import { refusedWords } from "./refused.ts";
import type { Script } from "./script.ts";
import type { StatementShape, Token } from "./token.ts";

/**
 * A MySQL statement ends at the delimiter that a DELIMITER line named, or else at a semicolon
 * outside of the body of a procedure, function, trigger or event.
 */
export class MysqlShape implements StatementShape {
  readonly #script: Script;
  readonly #first: Token;
  readonly #start = new FirstWords();
  readonly #routine = new MysqlRoutine();
  #body: MysqlBody | null = null;
  readonly #hasDelimiter: boolean;

  /** @param hasDelimiter a DELIMITER line is in force */
  constructor(script: Script, first: Token, hasDelimiter: boolean) {
    this.#script = script;
    this.#first = first;
    this.#hasDelimiter = hasDelimiter;
  }

  ends(token: Token): boolean {
    if (token.kind === "end") return true;
    this.#start.take(token);
    if (this.#hasDelimiter || token.text === "/*!" || token.text === "*/") return false;
    if (this.#body !== null) return this.#bodyEnds(this.#body, token);
    if (token.text === ";") {
      if (this.#routine.place === "unclear") this.#askForDelimiter(this.#first);
      return true;
    }
    this.#routine.take(token);
    if (this.#routine.place !== "body") return false;
    this.#body = new MysqlBody();
    // `BEGIN NOT ATOMIC` is what `BEGIN` is within a procedure.
    return this.#bodyEnds(
      this.#body,
      token.text === "ATOMIC" ? { ...token, text: "BEGIN" } : token,
    );
  }

  finish(): void {
    const open = this.#body?.unfinished() ?? null;
    if (open !== null) this.#askForDelimiter(open);
    const reason = refusedWords("mysql", this.#start.words);
    if (reason !== null) this.#script.refuse(this.#first.start, reason);
  }

  #bodyEnds(body: MysqlBody, token: Token): boolean {
    try {
      return body.ends(token);
    } catch (error) {
      if (error instanceof UnclearBody) this.#askForDelimiter(error.token);
      throw error;
    }
  }

  #askForDelimiter(token: Token): never {
    return this.#script.refuse(
      token.start,
      `where the statement of line ${this.#script.lineAt(this.#first.start)} ends cannot be told: ` +
        "write a line DELIMITER // before it, // after it, and then a line DELIMITER ;",
    );
  }
}
