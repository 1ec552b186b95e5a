import type { VectorBlock } from "./similarity.ts";

interface Entry {
  revision: string;
  block: VectorBlock;
  bytes: number;
}

/** The vectors of recently searched collections, each with the revision it was read at. */
export class BlockCache {
  private readonly entries = new Map<string, Entry>();
  private used = 0;
  private readonly capacity: number;

  /** @param capacity most bytes kept */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  find(name: string, revision: string): VectorBlock | undefined {
    const entry = this.entries.get(name);
    if (entry?.revision !== revision) return undefined;
    // Back to the end: the collections at the front are those not searched for longest.
    this.entries.delete(name);
    this.entries.set(name, entry);
    return entry.block;
  }

  keep(name: string, revision: string, block: VectorBlock): void {
    this.forget(name);
    const text = block.metadata.reduce((sum, line) => sum + 2 * line.length, 0);
    const bytes = block.values.byteLength + block.lengths.byteLength + text + 64 * block.ids.length;
    if (bytes > this.capacity) return;
    this.entries.set(name, { revision, block, bytes });
    this.used += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.used <= this.capacity) break;
      this.forget(oldest);
    }
  }

  forget(name: string): void {
    this.used -= this.entries.get(name)?.bytes ?? 0;
    this.entries.delete(name);
  }
}
