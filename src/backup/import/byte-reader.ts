import { brokenArchive } from "./refusals.ts";

/** Reads a stream in the pieces that its format asks for. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  /** Told of all bytes that come. */
  readonly #onBytes: (count: number) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>, onBytes: (count: number) => void) {
    this.#source = source[Symbol.asyncIterator]();
    this.#onBytes = onBytes;
  }

  /** Exactly so many bytes; null where the stream has ended before the first of them. */
  async read(length: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const piece = await this.#take(missing);
      if (piece === null && pieces.length === 0) return null;
      if (piece === null) throw brokenArchive("it ends in the middle of a member");
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  /** So many bytes, in pieces as they come. */
  async *stream(length: number): AsyncGenerator<Buffer> {
    for (let missing = length; missing > 0; ) {
      const piece = await this.#take(missing);
      if (piece === null) throw brokenArchive("it ends in the middle of a member");
      missing -= piece.length;
      yield piece;
    }
  }

  /** Passes over a few bytes. */
  async skip(length: number): Promise<void> {
    const piece = length === 0 ? null : await this.read(length);
    if (length > 0 && piece === null) throw brokenArchive("it ends in the middle of a member");
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Buffer> {
    for (let piece = await this.#take(Infinity); piece !== null; ) {
      yield piece;
      piece = await this.#take(Infinity);
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #take(most: number): Promise<Buffer | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return null;
      this.#onBytes(value.length);
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, Math.min(most, this.#rest.length));
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }
}
