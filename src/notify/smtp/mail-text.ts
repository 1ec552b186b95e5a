import { createHash } from "node:crypto";

export interface Mail {
  /** The same for each attempt to send it, so that receivers can tell a copy. */
  id: string;
  from: string;
  to: readonly string[];
  subject: string;
  date: Date;
  body: string;
}

/** A mail of plain text, as RFC 5322 and 2045 have it: ASCII, lines that end with CR LF. */
export function mailText({ id, from, to, subject, date, body }: Mail): string {
  const host = addressOf(from).split("@").at(-1) ?? "localhost";
  const headers = [
    `From: ${headerText(from)}`,
    `To: ${to.map(headerText).join(",\r\n ")}`,
    `Subject: ${headerText(subject)}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${createHash("sha256").update(id).digest("hex").slice(0, 32)}@${host}>`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ];
  const lines =
    Buffer.from(body, "utf8")
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return `${headers.join("\r\n")}\r\n\r\n${lines.join("\r\n")}\r\n`;
}

/** `a@b.example` of `Studio <a@b.example>`. */
export function addressOf(written: string): string {
  const [, address = written] = /<([^<>]*)>\s*$/.exec(written) ?? [];
  return address.trim();
}

/** The part before an address may be any text; ASCII stays, the rest is encoded by RFC 2047. */
function headerText(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, " ");
  const [, name = "", address = ""] = /^(.*?)\s*(<[^<>]*>)\s*$/.exec(line) ?? [null, line, ""];
  return [encodeWords(name), address].filter((part) => part !== "").join(" ");
}

function encodeWords(text: string): string {
  if (/^[\x20-\x7e]{0,900}$/.test(text)) return text;
  // An encoded word has at most 75 characters: 45 bytes of text, and none cut in two.
  const words: string[] = [""];
  for (const character of text) {
    const last = words.length - 1;
    const longer = `${words[last]}${character}`;
    if (Buffer.byteLength(longer) > 45) words.push(character);
    else words[last] = longer;
  }
  return words
    .map((word) => `=?utf-8?B?${Buffer.from(word, "utf8").toString("base64")}?=`)
    .join("\r\n ");
}
