/** Numbers from 0 up to (not including) 1, the same for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that parsers trip over. */
const awkward = [
  "\r\n",
  "\r\n\r\n",
  "\0",
  "\xff",
  '"',
  "{",
  "[[[[[[[[",
  "]",
  ":",
  "%",
  "%2e%2e%2f",
  "../",
  "-1",
  "1e999",
  "4294967296",
  "99999999999999999999",
  "null",
  "Transfer-Encoding: chunked\r\n",
  "Content-Length: 0\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: websocket\r\nConnection: upgrade\r\n",
].map((text) => Buffer.from(text, "latin1"));

/** One to four random changes: bytes flipped, left out, put in, repeated, or the end cut off. */
export function mutate(bytes: Buffer, random: () => number): Buffer {
  let result = Buffer.from(bytes);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let change = below(4); change >= 0; change--) {
    const at = below(result.length + 1);
    const length = below(12);
    const before = result.subarray(0, at);
    const after = result.subarray(Math.min(at + length, result.length));
    const kinds = [
      () => flip(result, at, below(256)),
      () => Buffer.concat([before, after]),
      () => Buffer.concat([before, awkward[below(awkward.length)] as Buffer, result.subarray(at)]),
      () => Buffer.concat([before, awkward[below(awkward.length)] as Buffer, after]),
      () => Buffer.concat([result, result.subarray(at)]),
      () => before,
    ];
    result = (kinds[below(kinds.length)] as () => typeof result)();
  }
  return result;
}

function flip(bytes: Buffer, at: number, value: number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = value;
  return copy;
}
