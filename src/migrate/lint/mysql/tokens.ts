export interface Token {
  kind: "word" | "quotedName" | "string" | "number" | "symbol";
  /** As written; a word in upper case. */
  text: string;
  start: number;
  end: number;
}

/**
 * Cuts MySQL's SQL into tokens, without comments; those that the server executes (`/*!80013 … *\/`,
 * MariaDB's `/*M! … *\/`) count as what is in them. Takes any text; what is left open ends with it.
 */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let executed = false;
  while (at < sql.length) {
    const hint = matchAt(/\/\*M?!\d*/y, sql, at);
    if (hint > 0) {
      executed = true;
      at += hint;
      continue;
    }
    if (executed && sql.startsWith("*/", at)) {
      executed = false;
      at += 2;
      continue;
    }
    const skipped = blankLength(sql, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const token = readToken(sql, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** The length of the white space or comment that begins there; 0 where neither does. */
function blankLength(sql: string, at: number): number {
  return (
    matchAt(/\s+/y, sql, at) ||
    matchAt(/#[^\n]*/y, sql, at) ||
    // Without white space after it, it is two minus signs.
    matchAt(/--(?=\s|$)[^\n]*/y, sql, at) ||
    matchAt(/\/\*(?!M?!)[^]*?(?:\*\/|$)/y, sql, at)
  );
}

const shapes: readonly (readonly [Token["kind"], RegExp])[] = [
  ["string", /'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)/y],
  ["string", /"(?:[^"\\]|\\[^]|"")*(?:"|\\?$)/y],
  ["quotedName", /`(?:[^`]|``)*(?:`|$)/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\w$])/iy],
  ["word", /@{0,2}[\w$\u0080-\uffff]+/y],
  ["symbol", /<=>|->>|:=|<=|>=|<>|!=|<<|>>|->|\|\||&&|[^]/y],
];

function readToken(sql: string, start: number): Token {
  for (const [kind, shape] of shapes) {
    const length = matchAt(shape, sql, start);
    if (length === 0) continue;
    const text = sql.slice(start, start + length);
    const end = start + length;
    return { kind, text: kind === "word" ? text.toUpperCase() : text, start, end };
  }
  return { kind: "symbol", text: sql.slice(start, start + 1), start, end: start + 1 };
}

function matchAt(shape: RegExp, text: string, at: number): number {
  shape.lastIndex = at;
  return shape.exec(text)?.[0].length ?? 0;
}

/** The parts between commas that stand in no parentheses. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "symbol" && token.text === "(") depth += 1;
    if (token.kind === "symbol" && token.text === ")") depth -= 1;
    if (depth === 0 && token.kind === "symbol" && token.text === ",") parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** How many tokens the longest stretch without a comma or a parenthesis has. */
export function longestStretch(tokens: readonly Token[]): number {
  let longest = 0;
  let length = 0;
  for (const { kind, text } of tokens) {
    length = kind === "symbol" && "(),;".includes(text) ? 0 : length + 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
