import type { Dialect } from "../../../database/address.ts";
import { normaliseType } from "../types/normalise.ts";
import { foldName } from "./mentions.ts";
import { callLeaf, negated, rankOf, spelled, valueLeaf } from "./operators.ts";
import { type Token, tokenize } from "./tokens.ts";
import { type Tree, castTo, joined, memberOf, negative, quantified, tree } from "./tree.ts";

/** Reads an expression; null for what this does not know, such as a subquery. */
export function parseExpression(sql: string, dialect: Dialect): Tree | null {
  const tokens = tokenize(sql, dialect);
  if (tokens === null) return null;
  const parser = new ExpressionParser(tokens, dialect);
  try {
    const result = parser.expression(0);
    return parser.isAtEnd() ? result : null;
  } catch (error) {
    if (error instanceof UnknownSyntax) return null;
    throw error;
  }
}

class UnknownSyntax extends Error {}

/** By precedence climbing. */
class ExpressionParser {
  private readonly tokens: readonly Token[];
  private readonly dialect: Dialect;
  private position = 0;

  constructor(tokens: readonly Token[], dialect: Dialect) {
    this.tokens = tokens;
    this.dialect = dialect;
  }

  isAtEnd(): boolean {
    return this.position >= this.tokens.length;
  }

  expression(least: number): Tree {
    let left = this.operand();
    for (;;) {
      const negation = this.isWord("not");
      const operator = this.operatorAt(this.position + (negation ? 1 : 0));
      const rank = operator === null ? 0 : rankOf(operator, this.dialect);
      if (operator === null || rank === 0 || rank <= least) return left;
      this.position += negation ? 2 : 1;
      left = this.binary(left, operator, rank, negation);
    }
  }

  private binary(left: Tree, operator: string, rank: number, negation: boolean): Tree {
    if (operator === "between") return this.between(left, rank, negation);
    if (operator === "in") return memberOf(left, this.list(), negation);
    if (operator === "is") return this.is(left, rank);
    if (operator === "isnull") return tree("is null", left);
    if (operator === "notnull") return tree("is not null", left);
    if (operator === "at") {
      this.expect("time");
      this.expect("zone");
      return tree("at time zone", left, this.expression(rank));
    }
    const quantifier = ["any", "some", "all"].find((word) => this.isWord(word));
    if (quantifier !== undefined && this.tokens[this.position + 1]?.text === "(") {
      this.position++;
      return quantified(operator, quantifier, left, this.inParentheses());
    }
    const right = this.expression(rank);
    if (operator === "and" || operator === "or") return joined(operator, left, right);
    const name = negation ? negated(operator, this.dialect) : operator;
    if (this.take("escape")) return tree(`${name} escape`, left, right, this.expression(rank));
    return tree(name, left, right);
  }

  private between(value: Tree, rank: number, negation: boolean): Tree {
    const low = this.expression(rank);
    this.expect("and");
    const high = this.expression(rank);
    if (negation) return joined("or", tree("<", value, low), tree(">", value, high));
    return joined("and", tree(">=", value, low), tree("<=", value, high));
  }

  private is(left: Tree, rank: number): Tree {
    const prefix = this.take("not") ? "is not" : "is";
    if (this.take("distinct")) {
      this.expect("from");
      return tree(`${prefix} distinct from`, left, this.expression(rank));
    }
    for (const word of ["null", "true", "false", "unknown"]) {
      if (this.take(word)) return tree(`${prefix} ${word}`, left);
    }
    return tree(prefix, left, this.expression(rank));
  }

  private operand(): Tree {
    if (this.take("not")) return tree("not", this.expression(rankOf("not", this.dialect)));
    if (this.take("-")) return negative(this.operand());
    if (this.take("+")) return this.operand();
    if (this.take("~")) return tree("~", this.operand());
    if (this.dialect === "mysql" && this.take("!")) return tree("not", this.operand());
    return this.withSuffixes(this.primary());
  }

  private withSuffixes(first: Tree): Tree {
    let result = first;
    for (;;) {
      if (this.dialect === "postgres" && this.take("::")) {
        result = castTo(this.typeName(), result);
      } else if (this.dialect === "postgres" && this.take("[")) {
        result = tree("element", result, this.expression(0));
        this.expect("]");
      } else {
        return result;
      }
    }
  }

  private primary(): Tree {
    const token = this.tokens[this.position];
    if (token === undefined) throw new UnknownSyntax();
    if (token.text === "(" && token.kind === "symbol") return this.group();
    this.position++;
    if (token.kind === "number") return tree(`number:${token.text}`);
    if (token.kind === "string") return tree(`string:${token.text}`);
    if (token.kind === "quoted") return this.name(token.text);
    if (token.kind === "symbol") throw new UnknownSyntax();
    return this.word(token.text.toLowerCase());
  }

  private word(word: string): Tree {
    if (word === "case") return this.cases();
    if (word === "cast" && this.isNext("(")) return this.cast();
    if (word === "array" && this.isNext("[")) return this.array();
    if (word === "select" || word === "exists" || word === "with") throw new UnknownSyntax();
    if (word === "row" && this.isNext("(")) return tree("row", ...this.list());
    const next = this.tokens[this.position];
    if (next?.kind === "string" && this.dialect === "postgres") {
      return castTo(normaliseType(word, this.dialect), this.primary());
    }
    return this.name(word);
  }

  /** A column, or a call; `pg_catalog.` before a function says nothing. */
  private name(first: string): Tree {
    const parts = [first];
    while (this.take(".")) {
      const part = this.tokens[this.position++];
      if (part === undefined || part.kind === "symbol") throw new UnknownSyntax();
      parts.push(part.kind === "quoted" ? part.text : part.text.toLowerCase());
    }
    if (parts[0] === "pg_catalog") parts.shift();
    const name = parts.map((part) => foldName(part, this.dialect)).join(".");
    if (!this.isNext("(")) {
      const value = parts.length === 1 ? valueLeaf(name, this.dialect) : null;
      return tree(value ?? `name:${name}`);
    }
    const written = this.callArguments();
    return tree(callLeaf(name, written.length === 0, this.dialect), ...written);
  }

  /** What is no plain list, as in `extract(year from x)`, is compared word by word. */
  private callArguments(): Tree[] {
    const start = this.position;
    try {
      return this.list();
    } catch (error) {
      if (!(error instanceof UnknownSyntax)) throw error;
      this.position = start;
      return [tree(`words:${this.wordsInParentheses()}`)];
    }
  }

  private wordsInParentheses(): string {
    const words: string[] = [];
    let depth = 0;
    do {
      const token = this.tokens[this.position++];
      if (token === undefined) throw new UnknownSyntax();
      if (token.kind === "symbol" && token.text === "(") depth++;
      if (token.kind === "symbol" && token.text === ")") depth--;
      words.push(token.kind === "word" ? token.text.toLowerCase() : token.text);
    } while (depth > 0);
    return words.join(" ");
  }

  private cases(): Tree {
    const base = this.isWord("when") ? [] : [this.expression(0)];
    const branches: Tree[] = [];
    while (this.take("when")) {
      const condition = this.expression(0);
      this.expect("then");
      branches.push(tree("when", condition, this.expression(0)));
    }
    const otherwise = this.take("else") ? this.expression(0) : tree("word:null");
    this.expect("end");
    return tree(base.length > 0 ? "case of" : "case", ...base, ...branches, otherwise);
  }

  private cast(): Tree {
    this.expect("(");
    const inner = this.expression(0);
    this.expect("as");
    const words: string[] = [];
    for (let depth = 0; depth > 0 || !this.isNext(")"); ) {
      const token = this.tokens[this.position++];
      if (token === undefined) throw new UnknownSyntax();
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
      words.push(token.text);
    }
    this.expect(")");
    return castTo(typeOf(words, this.dialect), inner);
  }

  /** After `::`: one name, or one of the few types of several words. */
  private typeName(): string {
    const words = [this.typePart()];
    while (this.take(".")) words.push(".", this.typePart());
    const second = { double: "precision", character: "varying", bit: "varying" }[words[0] ?? ""];
    if (second !== undefined && this.take(second)) words.push(second);
    if (this.isNext("(")) words.push(this.wordsInParentheses());
    if (this.isWord("with") || this.isWord("without")) {
      words.push(this.typePart(), this.typePart(), this.typePart());
    }
    while (this.take("[")) {
      if (!this.take("]")) throw new UnknownSyntax();
      words.push("[]");
    }
    return typeOf(words, this.dialect);
  }

  private typePart(): string {
    const token = this.tokens[this.position++];
    if (token === undefined || token.kind === "symbol") throw new UnknownSyntax();
    return token.kind === "quoted" ? `"${token.text}"` : token.text.toLowerCase();
  }

  private array(): Tree {
    this.expect("[");
    const items: Tree[] = [];
    while (!this.take("]")) {
      if (items.length > 0) this.expect(",");
      items.push(this.expression(0));
    }
    return tree("array", ...items);
  }

  private group(): Tree {
    const items = this.list();
    return items.length === 1 && items[0] !== undefined ? items[0] : tree("row", ...items);
  }

  private inParentheses(): Tree {
    const [only, ...more] = this.list();
    if (only === undefined || more.length > 0) throw new UnknownSyntax();
    return only;
  }

  private list(): Tree[] {
    this.expect("(");
    const items: Tree[] = [];
    while (!this.take(")")) {
      if (items.length > 0) this.expect(",");
      items.push(this.expression(0));
    }
    return items;
  }

  private operatorAt(position: number): string | null {
    const token = this.tokens[position];
    if (token === undefined || token.kind === "quoted" || token.kind === "string") return null;
    if (token.kind === "number") return null;
    return spelled(token.text.toLowerCase(), this.dialect);
  }

  private isWord(word: string): boolean {
    const token = this.tokens[this.position];
    return token?.kind === "word" && token.text.toLowerCase() === word;
  }

  private isNext(symbol: string): boolean {
    const token = this.tokens[this.position];
    return token?.kind === "symbol" && token.text === symbol;
  }

  private take(text: string): boolean {
    if (!this.isWord(text) && !this.isNext(text)) return false;
    this.position++;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw new UnknownSyntax();
  }
}

function typeOf(words: readonly string[], dialect: Dialect): string {
  const text = words.join(" ").replace(/\s*([().,[\]])\s*/g, "$1");
  return normaliseType(text.replace(/\)(?=\w)/g, ") "), dialect);
}
