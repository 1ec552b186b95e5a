/** A line of a dotenv file that cannot be read; the text of the line may hold a secret. */
interface DotenvProblem {
  line: number;
  message: string;
}

export interface Dotenv {
  values: Record<string, string>;
  problems: DotenvProblem[];
}

const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/;
const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads a dotenv file: `KEY=value`, `export KEY=value`, `# comment`, values in single quotes
 * (taken as they are) or double quotes (`\n`, `\r`, `\t`, `\"`, `\\`), both over several lines.
 * Nothing is expanded; the last of two equal keys counts.
 */
export function parseDotenv(text: string): Dotenv {
  // A record without a prototype: a variable may be called __proto__.
  const values = Object.create(null) as Record<string, string>;
  const problems: DotenvProblem[] = [];
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  let offset = 0;
  let line = 1;
  while (offset < source.length) {
    const end = lineEnd(source, offset);
    const start = offset + (/^[ \t]*/.exec(source.slice(offset, end))?.[0].length ?? 0);
    let next = end;
    if (start < end && source[start] !== "#") {
      const match = assignment.exec(source.slice(start, end));
      const read = match === null ? null : readValue(source, start + match[0].length, end);
      if (match === null) problems.push({ line, message: "is not KEY=value" });
      else if (typeof read === "string") problems.push({ line, message: read });
      else if (read !== null) {
        values[match[1] ?? ""] = read.value;
        next = read.end;
      }
    }
    line += source.slice(offset, next).split("\n").length;
    offset = next + 1;
  }
  return { values: { ...values }, problems };
}

/** The value at `start`, with the end of its last line; a text says what is wrong with it. */
function readValue(
  source: string,
  start: number,
  end: number,
): { value: string; end: number } | string {
  const quote = source[start];
  if (quote !== '"' && quote !== "'") {
    const plain = source.slice(start, end);
    // A comment in an unquoted value starts after a blank: passwords may hold a "#".
    return { value: plain.replace(/(^|[ \t])#.*$/, "").trim(), end };
  }
  const pattern = quote === '"' ? /"((?:[^"\\]|\\[\s\S])*)"/y : /'([^']*)'/y;
  pattern.lastIndex = start;
  const match = pattern.exec(source);
  if (match === null) return `has a ${quote} that is not closed`;
  const close = lineEnd(source, pattern.lastIndex);
  if (!/^[ \t]*(#.*)?$/.test(source.slice(pattern.lastIndex, close))) {
    return "has text after the closing quote";
  }
  const raw = match[1] ?? "";
  return { value: quote === '"' ? unescape(raw) : raw, end: close };
}

function unescape(raw: string): string {
  return raw.replace(/\\([\s\S])/g, (whole, letter: string) => {
    if (letter === '"' || letter === "\\" || letter === "$") return letter;
    return escapes[letter] ?? whole;
  });
}

function lineEnd(source: string, offset: number): number {
  const end = source.indexOf("\n", offset);
  return end === -1 ? source.length : end;
}
