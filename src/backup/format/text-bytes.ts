/** Most bytes of a UTF-16 code unit in UTF-8. */
const mostBytes = 3;
const usualBytes = 256 * 1024;

/**
 * Text that grows line by line, as its bytes: as one string it would be a tree of all its lines,
 * which the collector would move again and again.
 */
export class TextBytes {
  #bytes = Buffer.allocUnsafeSlow(usualBytes);
  #length = 0;

  add(line: string): void {
    const most = this.#length + mostBytes * line.length;
    if (most > this.#bytes.length) this.#grow(most);
    this.#length += this.#bytes.write(line, this.#length);
  }

  /** All of it behind `heading`, in memory of its own. */
  after(heading: string): Buffer {
    const start = Buffer.byteLength(heading);
    const text = Buffer.allocUnsafeSlow(start + this.#length);
    text.write(heading);
    this.#bytes.copy(text, start, 0, this.#length);
    return text;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
