import { damaged } from "../failures.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

/** The file key, wrapped for one recipient. */
export interface Stanza {
  /** The kind of recipient, then what that kind needs. */
  arguments: readonly string[];
  body: Buffer;
}

export interface Header {
  stanzas: readonly Stanza[];
  mac: Buffer;
  /** Bytes from the file's start that the MAC covers. */
  coveredLength: number;
  /** Where the payload starts. */
  length: number;
}

const versionLine = "age-encryption.org/v1";
const macMark = "---";
const macBytes = 32;
const lineLength = 64;

/** Bytes of `encodeMac`: the mark precedes the MAC and belongs to what it covers. */
const macLineLength = macMark.length + 1 + 43 + 1;

/** What the MAC is computed over: up to and with the mark of the last line. */
export function encodeHeader(stanzas: readonly Stanza[]): string {
  return `${versionLine}\n${stanzas.map(encodeStanza).join("")}${macMark}`;
}

/** What follows `encodeHeader`; the payload comes next. */
export function encodeMac(mac: Buffer): string {
  return ` ${encodeBase64(mac)}\n`;
}

/** Bytes of a header with `count` X25519 stanzas. */
export function headerLength(count: number): number {
  const share = Buffer.alloc(32);
  const stanza = encodeStanza({ arguments: ["X25519", encodeBase64(share)], body: share });
  return versionLine.length + 1 + stanza.length * count + macLineLength;
}

function encodeStanza({ arguments: words, body }: Stanza): string {
  const lines: string[] = encodeBase64(body).match(/.{1,64}/g) ?? [];
  // A body ends with a short line, if need be an empty one.
  if ((lines.at(-1)?.length ?? lineLength) === lineLength) lines.push("");
  return `-> ${words.join(" ")}\n${lines.join("\n")}\n`;
}

/**
 * Reads the header at the start of an age file by the strict grammar of C2SP age; whether it is
 * authentic is for the holder of the file key to find out.
 * @throws StudioError (damage)
 */
export function parseHeader(file: Buffer): Header {
  const lines = new HeaderLines(file);
  if (lines.next() !== versionLine) throw damaged("An encrypted object does not start as one.");
  const stanzas: Stanza[] = [];
  for (;;) {
    const start = lines.position;
    const line = lines.next();
    if (line.startsWith("-> ")) {
      stanzas.push({ arguments: argumentsOf(line), body: bodyOf(lines) });
      continue;
    }
    const mac = line.startsWith(`${macMark} `) ? decodeBase64(line.slice(4)) : null;
    if (mac?.length !== macBytes || stanzas.length === 0) throw malformed();
    return { stanzas, mac, coveredLength: start + macMark.length, length: lines.position };
  }
}

class HeaderLines {
  readonly #file: Buffer;
  position = 0;

  constructor(file: Buffer) {
    this.#file = file;
  }

  /** The next line without its end. */
  next(): string {
    const end = this.#file.indexOf(0x0a, this.position);
    if (end === -1) throw malformed();
    const line = this.#file.toString("latin1", this.position, end);
    this.position = end + 1;
    return line;
  }
}

function argumentsOf(line: string): string[] {
  const words = line.slice(3).split(" ");
  if (!words.every((word) => /^[!-~]+$/.test(word))) throw malformed();
  return words;
}

function bodyOf(lines: HeaderLines): Buffer {
  let text = "";
  for (;;) {
    const line = lines.next();
    text += line;
    if (line.length > lineLength) throw malformed();
    if (line.length < lineLength) break;
  }
  const body = decodeBase64(text);
  if (body === null) throw malformed();
  return body;
}

function malformed(): Error {
  return damaged("The header of an encrypted object cannot be read.");
}
