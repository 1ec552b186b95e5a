import { statfs } from "node:fs/promises";
import { noRoom, tooLarge } from "./refusals.ts";

/** What any archive may hold, however small it is. */
const alwaysAllowed = 1024 ** 3;
/** How many times its own size an archive may hold: what is honest seldom shrinks to a hundredth. */
const largestRatio = 200;
/** What is left free on the disk. */
const spare = 64 * 1024 ** 2;
/** How many bytes are written before the disk is asked again. */
const askAgainAfter = 16 * 1024 ** 2;

/** Stops archives that would fill the disk, or keep the machine busy for ever. */
export class Limits {
  readonly #folder: string;
  readonly #limit: number;
  #bytes = 0;
  #free = 0;

  /**
   * @param folder that is written to
   * @param archiveBytes of the file
   * @param maxBytes what the operator said that it may hold, or null
   */
  constructor(folder: string, archiveBytes: number, maxBytes: number | null) {
    this.#folder = folder;
    this.#limit = maxBytes ?? Math.max(alwaysAllowed, largestRatio * archiveBytes);
  }

  /** Counts bytes that were unpacked. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limit) throw tooLarge(this.#bytes, this.#limit);
  }

  /** Refuses a file before any of it is written. @param size with its holes, @param stored without */
  async announce(size: number, stored: number): Promise<void> {
    if (this.#bytes + size > this.#limit) throw tooLarge(this.#bytes + size, this.#limit);
    // Holes are read like any content when the snapshot is taken.
    this.count(size - stored);
    if (stored > this.#free) await this.#ask(stored);
    this.#free -= stored;
  }

  async #ask(needed: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    const free = bavail * bsize - spare;
    if (needed > free) throw noRoom(needed, Math.max(0, free), this.#folder);
    this.#free = Math.min(free, Math.max(needed, askAgainAfter));
  }
}
