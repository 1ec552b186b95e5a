import type { PageText } from "../format/page-text.ts";
import { type Base, entryOf, noObject } from "./base.ts";

/** Hashes that are made text at once. */
const hashesAtOnce = 256;

/** Writes entries of a base to the pages of the next snapshot. */
export class KnownEntries {
  readonly #base: Base;
  #firstHash = -1;
  #hashes = "";

  constructor(base: Base) {
    this.#base = base;
  }

  writeTo(page: PageText, index: number): void {
    const { paths, flags, small, wide, rarities, objects } = this.#base;
    const number = small[4 * index + 3] ?? noObject;
    if (flags[index] !== 0 || number === noObject || rarities.has(index)) {
      page.add(entryOf(this.#base, index));
      return;
    }
    page.addPlain({
      path: paths[index] ?? "",
      mode: small[4 * index] ?? 0,
      uid: small[4 * index + 1] ?? 0,
      gid: small[4 * index + 2] ?? 0,
      size: wide[4 * index] ?? 0,
      mtime: wide[4 * index + 1] ?? 0,
      sha256: this.#hash(index),
      object: objects[number]?.sha256 ?? "",
    });
  }

  #hash(index: number): string {
    const first = index - (index % hashesAtOnce);
    if (first !== this.#firstHash) {
      this.#firstHash = first;
      this.#hashes = this.#base.hashes.toString("hex", 32 * first, 32 * (first + hashesAtOnce));
    }
    const at = 64 * (index - first);
    return this.#hashes.slice(at, at + 64);
  }
}
