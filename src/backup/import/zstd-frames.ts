import { type ZstdDecompress, createZstdDecompress } from "node:zlib";
import { brokenArchive } from "./refusals.ts";

const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;
const largestBlock = 128 * 1024;
const dictionaryIdBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/**
 * Decompresses zstd data of any number of frames, of any size, as it comes. Node's own stream stops
 * silently after the first frame, so each gets a stream of its own: where a frame ends is found by
 * walking its block headers (RFC 8878, 3.1.1).
 */
export async function* decompressZstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const walk = new FrameWalk();
  let decoder: FrameDecoder | null = null;
  try {
    for await (const piece of source) {
      for (const { bytes, skip, last } of walk.push(piece)) {
        if (skip) continue;
        decoder ??= new FrameDecoder();
        yield* decoder.decode(bytes);
        if (!last) continue;
        yield* decoder.finish();
        decoder = null;
      }
    }
  } finally {
    decoder?.destroy();
  }
  if (!walk.isBetweenFrames) throw brokenArchive("its zstd data ends in the middle of a frame");
}

interface FramePart {
  bytes: Buffer;
  /** Belongs to a skippable frame, which holds no content. */
  skip: boolean;
  /** The frame ends with it. */
  last: boolean;
}

/** Cuts a stream into the frames that it consists of. */
class FrameWalk {
  #state: "frame" | "block" | "body" = "frame";
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the current body that are still to come. */
  #body = 0;
  #skip = false;
  #lastBody = false;
  #checksum = false;

  get isBetweenFrames(): boolean {
    return this.#state === "frame" && this.#held.length === 0;
  }

  *push(piece: Buffer): Generator<FramePart> {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    let [from, at] = [0, 0];
    for (;;) {
      if (this.#state === "body") {
        const length = Math.min(this.#body, bytes.length - at);
        at += length;
        this.#body -= length;
        if (this.#body > 0) break;
        this.#state = this.#lastBody ? "frame" : "block";
        if (!this.#lastBody) continue;
        yield { bytes: bytes.subarray(from, at), skip: this.#skip, last: true };
        from = at;
      } else {
        const rest = bytes.subarray(at);
        const length = this.#state === "frame" ? this.#readFrame(rest) : this.#readBlock(rest);
        if (length === null) break;
        at += length;
      }
    }
    if (at > from) yield { bytes: bytes.subarray(from, at), skip: this.#skip, last: false };
    this.#held = bytes.subarray(at);
  }

  /** Bytes of the header of a frame, or null where it is not whole yet. */
  #readFrame(bytes: Buffer): number | null {
    if (bytes.length < 8) return null;
    const start = bytes.readUInt32LE(0);
    this.#skip = start >>> 4 === skippableMagic;
    if (this.#skip) {
      this.#enterBody(bytes.readUInt32LE(4), true);
      return 8;
    }
    if (start !== magic)
      throw brokenArchive("its zstd data has a frame that does not start as one");
    const descriptor = bytes[4] ?? 0;
    const length = 5 + frameHeaderBytes(descriptor);
    if (bytes.length < length) return null;
    this.#checksum = (descriptor & 4) !== 0;
    this.#state = "block";
    return length;
  }

  #readBlock(bytes: Buffer): number | null {
    if (bytes.length < 3) return null;
    const header = bytes.readUIntLE(0, 3);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    if (type === 3 || (type !== 1 && size > largestBlock)) {
      throw brokenArchive("its zstd data has an impossible block");
    }
    const last = (header & 1) === 1;
    this.#enterBody((type === 1 ? 1 : size) + (last && this.#checksum ? 4 : 0), last);
    return 3;
  }

  #enterBody(length: number, last: boolean): void {
    this.#state = "body";
    this.#body = length;
    this.#lastBody = last;
  }
}

/** RFC 8878, 3.1.1.1: window descriptor, dictionary id and content size. */
function frameHeaderBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSize = sizeFlag === 0 && singleSegment ? 1 : (contentSizeBytes[sizeFlag] ?? 0);
  return (singleSegment ? 0 : 1) + (dictionaryIdBytes[descriptor & 3] ?? 0) + contentSize;
}

/** One frame, decompressed as it comes: never more is held than one piece gives. */
class FrameDecoder {
  readonly #stream: ZstdDecompress = createZstdDecompress();
  #failure: Error | null = null;
  #wake: () => void = () => undefined;
  #ended = false;

  constructor() {
    this.#stream.on("error", (error: Error) => {
      this.#failure = error;
      this.#wake();
    });
    this.#stream.on("readable", () => this.#wake());
    this.#stream.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async *decode(bytes: Buffer): AsyncGenerator<Buffer> {
    let written = bytes.length === 0;
    if (!written) {
      this.#stream.write(bytes, () => {
        written = true;
        this.#wake();
      });
    }
    yield* this.#read(() => written);
  }

  async *finish(): AsyncGenerator<Buffer> {
    this.#stream.end();
    yield* this.#read(() => this.#ended);
    this.destroy();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  async *#read(isDone: () => boolean): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#stream.read() as Buffer | null;
      if (this.#failure !== null) {
        throw brokenArchive(`its zstd data cannot be decompressed: ${this.#failure.message}`);
      }
      if (piece !== null) yield piece;
      else if (isDone()) return;
      else await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
