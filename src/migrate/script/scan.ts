import type { Script } from "./script.ts";

export const codes = {
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  doubleQuote: 0x22,
  hash: 0x23,
  dollar: 0x24,
  quote: 0x27,
  star: 0x2a,
  minus: 0x2d,
  slash: 0x2f,
  semicolon: 0x3b,
  backslash: 0x5c,
  bracket: 0x5b,
  backtick: 0x60,
} as const;

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(code: number): boolean {
  return code === codes.space || (code >= codes.tab && code <= codes.carriageReturn);
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A letter, an underscore, or anything beyond ASCII, which counts as a letter in every database. */
export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || code === 0x5f || code >= 0x80;
}

/** What may follow in a name without quotes. */
export function isNamePart(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === codes.dollar;
}

/** The first offset from `at` on whose character is not of the class. */
export function skip(text: string, at: number, isOfClass: (code: number) => boolean): number {
  let end = at;
  // Beyond the end the code is NaN, which is of no class.
  while (isOfClass(text.charCodeAt(end))) end++;
  return end;
}

/** The offset of the line's end, without its line break. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Nothing but white space stands before it on its line. */
export function isFirstOfLine(text: string, at: number): boolean {
  return text.slice(text.lastIndexOf("\n", at - 1) + 1, at).trim() === "";
}

/**
 * The offset after what a quote at `at` begins; twice the quote stands for itself.
 * @param escapes a backslash takes the next character's meaning away
 */
export function quotedEnd(script: Script, at: number, escapes: boolean, what: string): number {
  const { text } = script;
  const quote = text.charCodeAt(at);
  for (let index = at + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === codes.backslash && escapes) index++;
    else if (code === quote) {
      if (text.charCodeAt(index + 1) !== quote) return index + 1;
      index++;
    }
  }
  return script.refuse(at, `the ${what} that begins there has no end`);
}

/** The offset after a comment that begins with a slash and a star. */
export function commentEnd(script: Script, at: number, nests: boolean): number {
  const { text } = script;
  let depth = 1;
  for (let index = at + 2; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const next = text.charCodeAt(index + 1);
    if (code === codes.star && next === codes.slash) {
      index++;
      depth--;
      if (depth === 0) return index + 1;
    } else if (nests && code === codes.slash && next === codes.star) {
      index++;
      depth++;
    }
  }
  return script.refuse(at, "the comment that begins there has no end");
}
