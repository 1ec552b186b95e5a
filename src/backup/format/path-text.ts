/**
 * Names on a Linux file system are bytes, not text. Inside studio a path is a string in which each
 * byte that is not part of valid UTF-8 stands as the lone surrogate U+DC00 + byte (PEP 383), so
 * that every name survives; such a string is not well-formed, which makes it easy to tell.
 */

/** The path that the bytes of a name stand for. */
export function pathFromBytes(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!text.includes("\ufffd")) return text;
  let path = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      path += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    } else {
      path += bytes.toString("utf8", at, at + length);
      at += length;
    }
  }
  return path;
}

/** What to hand to a function of `node:fs`: the path itself wherever it is ordinary text. */
export function systemPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : pathBytes(path);
}

export function pathBytes(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path);
  const pieces: Buffer[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    pieces.push(isByte(code) ? Buffer.from([code & 0xff]) : Buffer.from(character));
  }
  return Buffer.concat(pieces);
}

/**
 * A path in one line of a list: a backslash, control bytes and bytes that are no UTF-8 become `\\`
 * and `\ooo`. It is how `tar --files-from` reads names, and awk and printf can undo it.
 */
export function escapePath(path: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[\\\u0000-\u001f\u007f]/.test(path) && path.isWellFormed()) return path;
  let text = "";
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\\") text += "\\\\";
    else if (isByte(code)) text += octal(code & 0xff);
    else text += code < 0x20 || code === 0x7f ? octal(code) : character;
  }
  return text;
}

/** Undoes `escapePath`; null where the text is not what it writes. */
export function unescapePath(text: string): string | null {
  if (!text.includes("\\")) return text;
  const rest = text.replaceAll(/\\(?:\\|[0-3][0-7]{2})/g, "");
  if (rest.includes("\\")) return null;
  return text.replaceAll(/\\(?:\\|([0-3][0-7]{2}))/g, (_whole, digits?: string) => {
    if (digits === undefined) return "\\";
    const byte = Number.parseInt(digits, 8);
    return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
  });
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}

function isByte(code: number): boolean {
  return code >= 0xdc80 && code <= 0xdcff;
}

/** Bytes of the UTF-8 sequence at `at` (RFC 3629, table 3-7 of Unicode); 0 where there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] ?? 0;
  if (second < (lowest[first] ?? 0x80) || second > (highest[first] ?? 0xbf)) return 0;
  for (let index = 2; index < length; index += 1) {
    if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** Where the second byte is bounded more tightly: overlong forms, surrogates, beyond U+10FFFF. */
const lowest: Record<number, number> = { 0xe0: 0xa0, 0xf0: 0x90 };
const highest: Record<number, number> = { 0xed: 0x9f, 0xf4: 0x8f };
