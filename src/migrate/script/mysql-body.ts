import type { Token } from "./token.ts";

/** The words that begin what an END ends. */
export type BlockWord = "BEGIN" | "IF" | "CASE" | "LOOP" | "WHILE" | "REPEAT" | "FOR";

const blockWords = new Set<string>(["BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"]);

export function isBlockWord(text: string): text is BlockWord {
  return blockWords.has(text);
}

interface Block {
  word: BlockWord | "expression";
  token: Token;
  /** How many parentheses are open around it. */
  depth: number;
  /** REPEAT: its UNTIL came; WHILE and FOR: their DO came. */
  turned: boolean;
}

/** What an END whose structure is not understood is answered with. */
export class UnclearBody extends Error {
  readonly token: Token;

  constructor(token: Token) {
    super();
    this.token = token;
  }
}

/**
 * The compound statement that the body of a procedure, function, trigger or event is
 * (https://dev.mysql.com/doc/refman/8.4/en/sql-compound-statements.html). END is no reserved word,
 * so it counts only where a statement may begin, where a CASE expression is open, or after UNTIL.
 */
export class MysqlBody {
  readonly #blocks: Block[] = [];
  #depth = 0;
  /** The next token begins a statement. */
  #atStart = true;
  #previous: Token | null = null;
  /** The first word of a statement, which is a label if a colon follows. */
  #label: Token | null = null;
  /** An END that the next word may belong to. */
  #end: Token | null = null;
  #handler: "declare" | "handler" | "condition" | "after condition" | null = null;

  /** @returns true for the semicolon that ends it */
  ends(token: Token): boolean {
    if (this.#end !== null && this.#closes(token, this.#end)) {
      this.#previous = token;
      return false;
    }
    if (token.text === ";") return this.#semicolon(token);
    const isName = this.#previous?.text === ".";
    this.#take(isName ? { ...token, text: "" } : token);
    this.#previous = token;
    return false;
  }

  /** The first token of what is not complete; null where all is. */
  unfinished(): Token | null {
    const [outer] = this.#blocks;
    if (outer === undefined) return null;
    const isClosing = this.#end !== null && this.#blocks.length === 1 && outer.word === "BEGIN";
    return isClosing ? null : outer.token;
  }

  #semicolon(token: Token): boolean {
    const top = this.#blocks.at(-1);
    if (top === undefined) return true;
    if (this.#depth > 0 || top.word === "expression") throw new UnclearBody(token);
    this.#previous = token;
    this.#begin();
    return false;
  }

  #begin(): void {
    this.#atStart = true;
    this.#handler = null;
    this.#label = null;
  }

  #take(token: Token): void {
    if (token.text === "(") this.#depth++;
    if (token.text === ")") this.#depth--;
    if (this.#handler !== null) this.#followHandler(token);
    const starts = this.#atStart;
    this.#atStart = false;
    if (starts) this.#takeFirst(token);
    else this.#takeFurther(token);
  }

  #takeFirst(token: Token): void {
    const { text } = token;
    if (isBlockWord(text)) {
      this.#blocks.push({ word: text, token, depth: this.#depth, turned: false });
      if (text === "BEGIN" || text === "LOOP" || text === "REPEAT") this.#begin();
    } else if (text === "END") {
      this.#end = token;
    } else if (text === "ELSE") {
      this.#begin();
    } else if (text === "UNTIL") {
      const top = this.#blocks.at(-1);
      if (top?.word !== "REPEAT") throw new UnclearBody(token);
      top.turned = true;
    } else if (text === "DECLARE") {
      this.#handler = "declare";
    } else if (token.kind === "word" || token.kind === "name") {
      this.#label = token;
    }
  }

  #takeFurther(token: Token): void {
    const top = this.#blocks.at(-1);
    const isOutside = top !== undefined && top.depth === this.#depth;
    switch (token.text) {
      case "CASE":
        this.#blocks.push({ word: "expression", token, depth: this.#depth, turned: false });
        break;
      case "END":
        if (top?.word === "expression" && isOutside) this.#blocks.pop();
        else if (top?.word === "REPEAT" && top.turned && isOutside) this.#end = token;
        break;
      case "THEN":
        if ((top?.word === "IF" || top?.word === "CASE") && isOutside) this.#begin();
        break;
      case "DO":
        if ((top?.word === "WHILE" || top?.word === "FOR") && !top.turned && isOutside) {
          top.turned = true;
          this.#begin();
        }
        break;
      case ":":
        if (this.#label !== null && this.#previous === this.#label) this.#begin();
        break;
    }
  }

  /** `DECLARE … HANDLER FOR condition, … statement`. */
  #followHandler(token: Token): void {
    if (this.#handler === "declare") {
      if (token.text === "HANDLER") this.#handler = "handler";
    } else if (this.#handler === "handler") {
      if (token.text === "FOR") this.#handler = "condition";
    } else if (this.#handler === "condition") {
      if (!/^(SQLSTATE|VALUE|NOT)$/.test(token.text)) this.#handler = "after condition";
    } else if (token.text === ",") this.#handler = "condition";
    else this.#begin();
  }

  /** @returns true where the token belongs to the END before it */
  #closes(token: Token, end: Token): boolean {
    this.#end = null;
    const top = this.#blocks.at(-1);
    const isWord = isBlockWord(token.text) && token.text !== "BEGIN";
    // `UNTIL end > 1 END REPEAT`: the first is a name.
    if (top?.word === "REPEAT" && top.turned && token.text !== "REPEAT") return false;
    if (top === undefined || top.word !== (isWord ? token.text : "BEGIN")) {
      throw new UnclearBody(end);
    }
    this.#blocks.pop();
    return isWord;
  }
}
