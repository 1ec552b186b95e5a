/**
 * Whole numbers from 0 to 2^53 - 1 as bytes: each in LEB128 (seven bits a byte, the lowest first,
 * the eighth says that more follow; DWARF 5, section 7.6).
 */
export function packNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const number of numbers) {
    let rest = number;
    // Not by shifts, which know 32 bits only.
    while (rest >= 128) {
      bytes.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

export function unpackNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of bytes) {
    value += (byte % 128) * factor;
    factor *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    [value, factor] = [0, 1];
  }
  return numbers;
}

/** The same as text: the bytes in base64. */
export function encodeNumbers(numbers: readonly number[]): string {
  return Buffer.from(packNumbers(numbers)).toString("base64");
}

export function decodeNumbers(text: string): number[] {
  return unpackNumbers(Buffer.from(text, "base64"));
}
