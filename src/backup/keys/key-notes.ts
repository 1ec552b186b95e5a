import { hash } from "node:crypto";
import { isRecord } from "../format/record.ts";

/** When the private half of a recipient was last seen to decrypt: ISO 8601 by fingerprint. */
export type KeyNotes = ReadonlyMap<string, string>;

const format = 1;

/** SHA-256 of a recipient's text, hexadecimal. */
export function fingerprintOf(recipient: string): string {
  return hash("sha256", recipient);
}

/** The notes of a file; what cannot be read was not noted. */
export function parseKeyNotes(text: string): KeyNotes {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || value["format"] !== format || !isRecord(value["seen"])) {
      return new Map();
    }
    return new Map(Object.entries(value["seen"]).filter(isNote));
  } catch {
    return new Map();
  }
}

function isNote(entry: [string, unknown]): entry is [string, string] {
  const [fingerprint, at] = entry;
  return (
    /^[0-9a-f]{64}$/.test(fingerprint) && typeof at === "string" && !Number.isNaN(Date.parse(at))
  );
}

export function formatKeyNotes(notes: KeyNotes): string {
  const seen = Object.fromEntries([...notes].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format, seen }, null, 2)}\n`;
}

/** The same notes, with these recipients seen at `at`. */
export function withSeen(notes: KeyNotes, recipients: readonly string[], at: Date): KeyNotes {
  const time = at.toISOString();
  return new Map([...notes, ...recipients.map((one) => [fingerprintOf(one), time] as const)]);
}
