import { damaged } from "./failures.ts";
import type { FileEntry, Manifest, SegmentLine } from "./manifest.ts";
import { snapshotKey } from "./repository.ts";
import type { ObjectReader, Store } from "./store.ts";
import { decompressFrame } from "./zstd.ts";

interface OpenSegment {
  line: SegmentLine;
  reader: ObjectReader;
  /** Where each frame starts in the object. */
  starts: number[];
}

/**
 * Reads the contents of single members. Only the frames that hold a member are read, and members
 * in the order of the archive share frames without reading them twice.
 */
export class SegmentReader {
  readonly #store: Store;
  readonly #id: string;
  readonly #manifest: Manifest;
  #open: OpenSegment | null = null;
  #frame: { index: number; bytes: Buffer } | null = null;

  constructor(store: Store, id: string, manifest: Manifest) {
    this.#store = store;
    this.#id = id;
    this.#manifest = manifest;
  }

  /** The content of a file in pieces; the caller checks their hash. */
  async *content(entry: FileEntry): AsyncGenerator<Buffer> {
    const segment = await this.#segment(entry.segment);
    const { frameBytes } = segment.line;
    const end = entry.offset + entry.size;
    for (let position = entry.offset; position < end; ) {
      const index = Math.floor(position / frameBytes);
      const frame = await this.#readFrame(segment, index);
      const within = position - index * frameBytes;
      const piece = frame.subarray(within, within + end - position);
      if (piece.length === 0)
        throw damaged(`The archive ${entry.segment} is shorter than recorded.`);
      yield piece;
      position += piece.length;
    }
  }

  async close(): Promise<void> {
    await this.#open?.reader.close();
    this.#open = null;
    this.#frame = null;
  }

  async #segment(name: string): Promise<OpenSegment> {
    if (this.#open?.line.name === name) return this.#open;
    await this.close();
    const line = this.#manifest.segments.get(name);
    const reader = await this.#store.open(snapshotKey(this.#id, name));
    if (line === undefined || reader === null) {
      throw damaged(`The archive ${name} of snapshot ${this.#id} is missing.`);
    }
    let position = 0;
    const starts = line.frames.map((length) => (position += length) - length);
    this.#open = { line, reader, starts };
    return this.#open;
  }

  async #readFrame(segment: OpenSegment, index: number): Promise<Buffer> {
    if (this.#frame?.index === index) return this.#frame.bytes;
    const start = segment.starts[index];
    const length = segment.line.frames[index];
    if (start === undefined || length === undefined) {
      throw damaged(`The archive ${segment.line.name} is shorter than recorded.`);
    }
    const bytes = decompressFrame(await segment.reader.read(start, length));
    this.#frame = { index, bytes };
    return bytes;
  }
}
