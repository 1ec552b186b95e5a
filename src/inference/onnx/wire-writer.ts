import { wireTypes } from "./wire-reader.ts";

/** Pieces this large are handed on as they are; smaller ones are put together. */
const ownChunk = 64 * 1024;
const smallest = 64;

/** Collects a message as chunks; large pieces are kept as views, not copied. */
export class WireWriter {
  private readonly chunks: Uint8Array[] = [];
  private tail: Uint8Array = new Uint8Array(0);
  private used = 0;
  /** Bytes so far. */
  length = 0;

  tag(number: number, wireType: number): void {
    this.integer(number * 8 + wireType);
  }

  /** @param value of 64 bits; a negative one takes ten bytes, as protobuf has it */
  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x0fff_ffffn) {
      this.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.integer(Number(rest));
  }

  float(value: number): void {
    this.bytes(new Uint8Array(Float32Array.of(value).buffer));
  }

  double(value: number): void {
    this.bytes(new Uint8Array(Float64Array.of(value).buffer));
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length >= ownChunk) {
      this.flush();
      this.chunks.push(bytes);
    } else {
      this.reserve(bytes.length);
      this.tail.set(bytes, this.used);
      this.used += bytes.length;
    }
    this.length += bytes.length;
  }

  /** A length-delimited field. */
  block(number: number, content: Uint8Array | WireWriter): void {
    this.tag(number, wireTypes.bytes);
    this.integer(content.length);
    if (content instanceof WireWriter) {
      for (const chunk of content.finish()) this.bytes(chunk);
    } else this.bytes(content);
  }

  /** The message in pieces worth writing one by one. */
  finish(): Uint8Array[] {
    this.flush();
    return this.chunks;
  }

  /** @param value 0 or more, below 2^53 */
  private integer(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  private byte(value: number): void {
    this.reserve(1);
    this.tail[this.used++] = value;
    this.length += 1;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.tail.length) return;
    if (this.used + bytes > ownChunk) this.flush();
    const grown = new Uint8Array(Math.max(smallest, this.tail.length * 2, this.used + bytes));
    grown.set(this.tail.subarray(0, this.used));
    this.tail = grown;
  }

  private flush(): void {
    if (this.used > 0) this.chunks.push(this.tail.subarray(0, this.used));
    this.tail = new Uint8Array(0);
    this.used = 0;
  }
}
