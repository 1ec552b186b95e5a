import type { Dialect } from "../../../database/address.ts";
import { type Token, tokenize } from "./tokens.ts";

/** An expression without the parentheses that are around the whole of it. */
export function withoutParentheses(text: string, dialect: Dialect): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("(") || !trimmed.endsWith(")")) return trimmed;
  const tokens = tokenize(trimmed, dialect);
  if (tokens === null || closing(tokens, 0) !== tokens.length - 1) return trimmed;
  return withoutParentheses(trimmed.slice(1, -1), dialect);
}

/** Where the parenthesis that opens at a token is closed; -1 where it is not. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const token = tokens[index];
    if (token?.kind !== "symbol") continue;
    if (token.text === "(" || token.text === "[") depth++;
    if ((token.text === ")" || token.text === "]") && --depth === 0) return index;
  }
  return -1;
}
