import { brokenArchive } from "./refusals.ts";

/** The records of a pax header: bytes by their key, in order; one key may come several times. */
export type PaxRecords = readonly (readonly [key: string, value: Buffer])[];

/**
 * Reads `<length> <key>=<value>\n`, again and again (POSIX.1-2001, pax). By length alone: a value may
 * hold line breaks and bytes that are no UTF-8.
 */
export function parsePaxRecords(body: Buffer): PaxRecords {
  const records: [string, Buffer][] = [];
  for (let at = 0; at < body.length; ) {
    // Some programs fill the block up with zeros.
    if (body[at] === 0 && body.subarray(at).every((byte) => byte === 0)) break;
    const [digits = ""] = /^\d{1,9}(?= )/.exec(body.toString("latin1", at, at + 10)) ?? [];
    const end = at + Number(digits);
    const equals = body.indexOf("=", at + digits.length + 1);
    const whole = digits !== "" && end <= body.length && body[end - 1] === 0x0a;
    if (!whole || equals < 0 || equals >= end) throw brokenArchive("a pax header is malformed");
    const key = body.toString("latin1", at + digits.length + 1, equals);
    records.push([key, body.subarray(equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** The last value of a key; null where there is none, or an empty one, which takes others back. */
export function valueOf(records: PaxRecords, key: string): Buffer | null {
  const value = records.findLast(([one]) => one === key)?.[1];
  return value === undefined || value.length === 0 ? null : value;
}

/** A whole number that is not negative; null where there is none. */
export function countOf(records: PaxRecords, key: string): number | null {
  const value = valueOf(records, key);
  return value === null ? null : parseCount(value, key);
}

export function parseCount(value: Buffer, key: string): number {
  const text = value.toString("latin1");
  const count = Number(text);
  if (/^\d{1,20}$/.test(text) && Number.isSafeInteger(count)) return count;
  throw brokenArchive(`a pax header has an impossible ${key}`);
}
