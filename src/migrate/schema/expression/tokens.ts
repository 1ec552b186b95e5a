import type { Dialect } from "../../../database/address.ts";

export interface Token {
  kind: "word" | "quoted" | "string" | "number" | "symbol";
  /** Without quotes; words as they are written. */
  text: string;
  start: number;
  end: number;
}

type Rule = readonly [pattern: RegExp, read: (text: string) => Omit<Token, "start" | "end"> | null];

const skipped: Rule = [/(?:\s+|--[^\n]*|\/\*[^]*?\*\/)/y, () => null];
const number: Rule = [
  /(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y,
  (text) => ({ kind: "number", text: text.toLowerCase() }),
];
const word: Rule = [/[\p{L}_][\p{L}\p{N}_$]*/uy, (text) => ({ kind: "word", text })];
const plainString: Rule = [
  /[bBxXnN]?'(?:[^']|'')*'/y,
  (text) => ({ kind: "string", text: prefixOf(text) + unescape(text, "'") }),
];
const doubleQuoted: Rule = [
  /"(?:[^"]|"")*"/y,
  (text) => ({ kind: "quoted", text: unescape(text, '"') }),
];
const backQuoted: Rule = [
  /`(?:[^`]|``)*`/y,
  (text) => ({ kind: "quoted", text: unescape(text, "`") }),
];
const otherOperators = /<=>|->>|->|<<|>>|<=|>=|<>|!=|==|\|\||&&|:=|[-+*/<>=~!%^&|()[\],.;:?@]/y;

const rules: Record<Dialect, readonly Rule[]> = {
  postgres: [
    skipped,
    [/\$([\p{L}_][\p{L}\p{N}_]*)?\$[^]*?\$\1\$/uy, (text) => string(dollarQuoted(text))],
    [/[eE]'(?:[^'\\]|\\[^]|'')*'/y, (text) => string(unescapeBackslashes(text.slice(1)))],
    plainString,
    doubleQuoted,
    number,
    word,
    [/::|:=|[()[\],.;:]|\$\d+/y, (text) => ({ kind: "symbol", text })],
    [/[-+*/<>=~!@#%^&|`?]+/y, (text) => ({ kind: "symbol", text: operator(text) })],
  ],
  sqlite: [
    skipped,
    plainString,
    doubleQuoted,
    backQuoted,
    [/\[[^\]]*\]/y, (text) => ({ kind: "quoted", text: text.slice(1, -1) })],
    number,
    word,
    [otherOperators, (text) => ({ kind: "symbol", text })],
  ],
  mysql: [
    skipped,
    [/#[^\n]*/y, () => null],
    // A character set before a string says how it is stored, not what it says.
    [/_[a-z]\w*\s*(?=')/y, () => null],
    [/[nN]?'(?:[^'\\]|\\[^]|'')*'/y, (text) => string(unescapeBackslashes(text))],
    [/"(?:[^"\\]|\\[^]|"")*"/y, (text) => string(unescapeBackslashes(text))],
    plainString,
    backQuoted,
    number,
    word,
    [otherOperators, (text) => ({ kind: "symbol", text })],
  ],
};

/** The words and signs of a piece of SQL, without comments; null where it cannot be read. */
export function tokenize(sql: string, dialect: Dialect): Token[] | null {
  const tokens: Token[] = [];
  let start = 0;
  while (start < sql.length) {
    const found = nextToken(sql, start, dialect);
    if (found === null) return null;
    if (found.token !== null) tokens.push(found.token);
    start = found.end;
  }
  return tokens;
}

function nextToken(sql: string, start: number, dialect: Dialect) {
  for (const [pattern, read] of rules[dialect]) {
    pattern.lastIndex = start;
    const text = pattern.exec(sql)?.[0];
    if (text === undefined) continue;
    const token = read(text);
    // An operator of PostgreSQL may turn out shorter than what was matched.
    const end = start + (token?.kind === "symbol" ? token.text.length : text.length);
    return { token: token === null ? null : { ...token, start, end }, end };
  }
  return null;
}

function string(text: string): Omit<Token, "start" | "end"> {
  return { kind: "string", text };
}

/** `x'01'` is not the text '01'. */
function prefixOf(text: string): string {
  return /^[bBxX]/.test(text) ? `${text.charAt(0).toLowerCase()}:` : "";
}

function unescape(text: string, quote: string): string {
  return text.slice(text.indexOf(quote) + 1, -1).replaceAll(quote + quote, quote);
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", "0": "\0" };

function unescapeBackslashes(text: string): string {
  const quote = text.at(-1) ?? "'";
  return text
    .slice(text.indexOf(quote) + 1, -1)
    .replace(/\\([^])|(['"])\2/g, (_all, escaped?: string, doubled?: string) =>
      escaped === undefined ? (doubled ?? "") : (escapes[escaped] ?? escaped),
    );
}

function dollarQuoted(text: string): string {
  const tag = text.slice(0, text.indexOf("$", 1) + 1);
  return text.slice(tag.length, -tag.length);
}

/** An operator ends in + or - only where it holds one of ~ ! @ # % ^ & | ` ? as well. */
function operator(text: string): string {
  let end = text.search(/--|\/\*/);
  end = end <= 0 ? text.length : end;
  const special = /[~!@#%^&|`?]/.test(text.slice(0, end));
  while (!special && end > 1 && /[+-]/.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
