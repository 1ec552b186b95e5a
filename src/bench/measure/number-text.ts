/**
 * Whole numbers from 0 to 2^53 - 1 as text: each in LEB128 (seven bits a byte, the lowest first,
 * the eighth says that more follow; DWARF 5, section 7.6), and the whole in base64.
 */
export function encodeNumbers(numbers: readonly number[]): string {
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
  return Buffer.from(bytes).toString("base64");
}

export function decodeNumbers(text: string): number[] {
  const numbers: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of Buffer.from(text, "base64")) {
    value += (byte % 128) * factor;
    factor *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    [value, factor] = [0, 1];
  }
  return numbers;
}
