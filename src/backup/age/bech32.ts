/** Text with a checksum that tells what it is by its prefix (BIP-173, without its limit of 90). */
export interface Bech32 {
  /** In the case it was written in. */
  prefix: string;
  bytes: Buffer;
}

const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const checksumLength = 6;

/** In lower case. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const values = regroup(bytes, 8, 5, true) ?? [];
  const padded = [...expanded(prefix), ...values, ...Array<number>(checksumLength).fill(0)];
  const residue = polymod(padded) ^ 1;
  const checksum = Array.from({ length: checksumLength }, (_, i) => (residue >> (25 - 5 * i)) & 31);
  return `${prefix}1${[...values, ...checksum].map((value) => alphabet[value]).join("")}`;
}

/** Null for whatever is not whole: a wrong checksum or character, mixed case, padding not zero. */
export function decodeBech32(text: string): Bech32 | null {
  const lower = text.toLowerCase();
  const separator = text.lastIndexOf("1");
  if (text !== lower && text !== text.toUpperCase()) return null;
  if (!/^[!-~]+$/.test(text) || separator < 1 || separator + checksumLength >= text.length) {
    return null;
  }
  const values = Array.from(lower.slice(separator + 1), (letter) => alphabet.indexOf(letter));
  if (values.includes(-1)) return null;
  if (polymod([...expanded(lower.slice(0, separator)), ...values]) !== 1) return null;
  const bytes = regroup(values.slice(0, -checksumLength), 5, 8, false);
  return bytes && { prefix: text.slice(0, separator), bytes: Buffer.from(bytes) };
}

function expanded(prefix: string): number[] {
  const codes = [...Buffer.from(prefix, "latin1")];
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: Iterable<number>): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of generators.entries()) {
      if (((top >> bit) & 1) === 1) checksum ^= generator;
    }
  }
  return checksum;
}

/** The same bits in groups of another width; without padding, what is left over must be zeros. */
function regroup(groups: Iterable<number>, from: number, to: number, pad: boolean) {
  const result: number[] = [];
  let pending = 0;
  let bits = 0;
  for (const group of groups) {
    pending = ((pending << from) | group) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      result.push((pending >> bits) & ((1 << to) - 1));
    }
  }
  const rest = (pending << (to - bits)) & ((1 << to) - 1);
  if (pad && bits > 0) result.push(rest);
  return !pad && (bits >= from || rest !== 0) ? null : result;
}
