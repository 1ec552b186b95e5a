import { OnnxError } from "./onnx-error.ts";

/** The wire types of protobuf: https://protobuf.dev/programming-guides/encoding/#structure */
export const wireTypes = {
  varint: 0,
  fixed64: 1,
  bytes: 2,
  groupStart: 3,
  groupEnd: 4,
  fixed32: 5,
} as const;

export interface Tag {
  number: number;
  wireType: number;
  /** Where the tag begins. */
  position: number;
}

/** Messages and groups may lie this deep in one another, as in protobuf's own readers. */
export const maximumDepth = 100;

/** Reads values of protobuf's wire format from a part of a file; positions are those of the file. */
export class WireReader {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  position = 0;
  private end: number;
  private low = 0;
  private high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  tag(): Tag {
    const { position } = this;
    this.readVarint();
    const number = this.low >>> 3;
    if (number === 0 || this.high !== 0) throw malformed("a field has no valid number", position);
    return { number, wireType: this.low & 7, position };
  }

  int32(): number {
    this.readVarint();
    return this.low | 0;
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  uint64(): bigint {
    this.readVarint();
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  float(): number {
    return this.view.getFloat32(this.advance(4), true);
  }

  double(): number {
    return this.view.getFloat64(this.advance(8), true);
  }

  /** What a length-delimited field holds: a view, not a copy. */
  block(): Uint8Array {
    const length = this.length();
    const start = this.position;
    this.position += length;
    return this.bytes.subarray(start, this.position);
  }

  /** Reads what a length-delimited field holds; to `read`, its end is that of the data. */
  within<Result>(read: (end: number) => Result): Result {
    const { end } = this;
    const inner = this.length() + this.position;
    this.end = inner;
    const result = read(inner);
    this.end = end;
    this.position = inner;
    return result;
  }

  /** The length of a field, which has been seen to fit. */
  private length(): number {
    const { position } = this;
    this.readVarint();
    const length = this.high * 2 ** 32 + this.low;
    const left = this.end - this.position;
    if (length > left) {
      throw malformed(`a field claims ${length} bytes, of which ${left} are there`, position);
    }
    return length;
  }

  /** Passes over a field of any type. */
  skip({ number, wireType, position }: Tag, depth: number): void {
    if (depth > maximumDepth) throw tooDeep(position);
    switch (wireType) {
      case wireTypes.varint:
        this.readVarint();
        return;
      case wireTypes.fixed64:
        this.advance(8);
        return;
      case wireTypes.bytes:
        this.block();
        return;
      case wireTypes.fixed32:
        this.advance(4);
        return;
      case wireTypes.groupStart:
        this.skipGroup(number, position, depth);
        return;
      default:
        throw malformed(`a field has the wire type ${wireType}, which does not exist`, position);
    }
  }

  private skipGroup(number: number, position: number, depth: number): void {
    while (!this.done) {
      const tag = this.tag();
      if (tag.wireType !== wireTypes.groupEnd) this.skip(tag, depth + 1);
      else if (tag.number === number) return;
      else throw malformed("a group ends that did not begin", tag.position);
    }
    throw malformed("a group does not end", position);
  }

  private advance(length: number): number {
    const { position } = this;
    if (this.end - position < length) throw malformed("the data ends within a number", position);
    this.position += length;
    return position;
  }

  /** Seven bits a byte, lowest first, into two halves: numbers of 32 bits are faster than bigint. */
  private readVarint(): void {
    const start = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.end) throw malformed("the data ends within a number", start);
      const byte = this.bytes[this.position++] ?? 0;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw malformed("a number is longer than ten bytes", start);
  }
}

/** @param position in bytes from the start of the file */
export function malformed(what: string, position: number): OnnxError {
  return new OnnxError(
    "onnx.malformed",
    `Not an ONNX model: at byte ${position} ${what}.`,
    position,
  );
}

export function tooDeep(position: number): OnnxError {
  return malformed(`messages lie more than ${maximumDepth} deep in one another`, position);
}
