/** A piece of SQL between white space. */
export interface Token {
  /**
   * - `word`: a keyword or a name without quotes;
   * - `name`: a name in quotes;
   * - `value`: a number, a parameter or a variable;
   * - `symbol`: one character, or a mark of MySQL's executable comments;
   * - `end`: the delimiter that MySQL's client was told to look for.
   */
  kind: "word" | "name" | "string" | "value" | "symbol" | "comment" | "end";
  start: number;
  end: number;
  /** A word in capitals, a symbol as it is; empty for all else. */
  text: string;
}

/** Reads one database's SQL, token by token. */
export interface TokenReader {
  /**
   * @param fresh no statement is open
   * @returns null at the end of the text
   */
  next(fresh: boolean): Token | null;
  /** The text has no end here, where something begun must end. */
  finish(): void;
}

/** Follows the tokens of one statement to tell where it ends, and refuses what cannot run. */
export interface StatementShape {
  /**
   * Takes the next token that is no comment.
   * @returns true for the one that ends the statement and is no part of it
   */
  ends(token: Token): boolean;
  /** The statement ends here: what it began must be complete. */
  finish(): void;
}
