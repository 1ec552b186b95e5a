/**
 * What of the WebAssembly binary format the kernels need.
 * https://webassembly.github.io/spec/core/binary/index.html
 */
export type Code = readonly number[];

const i32 = 0x7f;
const v128 = 0x7b;

export interface FunctionText {
  name: string;
  /** Number of parameters, all of them i32; nothing is returned. */
  parameters: number;
  /** Locals after the parameters: first those of type i32, then those of type v128. */
  locals: { i32: number; v128: number };
  body: Code;
}

/** A module with these functions exported, on a shared memory imported as `studio.memory`. */
export function assembleModule(functions: readonly FunctionText[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...vector(Array.from({ length: parameters }, () => [i32])),
    ...vector([]),
  ]);
  // Limits 0x03: shared, with a maximum, here the most that 32 bits can address.
  const memory = [
    ...name("studio"),
    ...name("memory"),
    0x02,
    0x03,
    ...unsigned(0),
    ...unsigned(65_536),
  ];
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    0x01,
    0x00,
    0x00,
    0x00,
    ...section(1, vector(types)),
    ...section(2, vector([memory])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(
      7,
      vector(functions.map((one, index) => [...name(one.name), 0x00, ...unsigned(index)])),
    ),
    ...section(10, vector(functions.map(codeOf))),
  ]);
}

function codeOf({ locals, body }: FunctionText): Code {
  const declared = vector([
    [...unsigned(locals.i32), i32],
    [...unsigned(locals.v128), v128],
  ]);
  const code = [...declared, ...body, 0x0b];
  return [...unsigned(code.length), ...code];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function vector(entries: readonly Code[]): Code {
  return [...unsigned(entries.length), ...entries.flat()];
}

function name(text: string): Code {
  return [...unsigned(text.length), ...Buffer.from(text)];
}

/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** Instructions; each takes its operands from the stack. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
/** @param value 0 or more, in signed LEB128 */
export const constant = (value: number): Code => {
  const bytes = [...unsigned(value)];
  const last = bytes.pop() as number;
  // Bit 6 of the last byte would be taken for the sign.
  return [0x41, ...bytes, ...((last & 0x40) === 0 ? [last] : [last | 0x80, 0])];
};
export const add = (one: Code, other: Code): Code => [...one, ...other, 0x6a];
export const subtract = (one: Code, other: Code): Code => [...one, ...other, 0x6b];
export const isBelow = (one: Code, other: Code): Code => [...one, ...other, 0x49];
/** Runs `body` again while `condition` is not zero. */
export const repeat = (body: Code, condition: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...condition,
  0x0d,
  0x00,
  0x0b,
];

export const storeFloat = (address: Code, value: Code): Code => [
  ...address,
  ...value,
  0x38,
  0x02,
  0x00,
];
export const addFloat = (one: Code, other: Code): Code => [...one, ...other, 0x92];

/** Four float32 from an address that is a multiple of 16, `offset` bytes further on. */
export const loadLanes = (address: Code, offset: number): Code => [
  ...address,
  0xfd,
  0x00,
  0x04,
  ...unsigned(offset),
];
export const zeroLanes: Code = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];
export const lane = (value: Code, index: number): Code => [...value, 0xfd, 0x1f, index];
export const addLanes = (one: Code, other: Code): Code => [...one, ...other, 0xfd, 0xe4, 0x01];
export const subtractLanes = (one: Code, other: Code): Code => [...one, ...other, 0xfd, 0xe5, 0x01];
/** `one * other + sum`, rounded once or twice, as the processor does it faster. */
export const multiplyAddLanes = (one: Code, other: Code, sum: Code): Code => [
  ...one,
  ...other,
  ...sum,
  0xfd,
  0x85,
  0x02,
];
