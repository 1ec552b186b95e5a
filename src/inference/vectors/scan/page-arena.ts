import { createSharedMemory, mostPages, pageBytes } from "../kernel/shared-memory.ts";

/** Pages taken from the system at once: 4 MiB. */
const growth = 64;

/** Hands out pages of memory that all threads share. What is given back is used again. */
export class PageArena {
  readonly memory = createSharedMemory();
  /** All of the memory, as of the last growth. */
  floats = new Float32Array(this.memory.buffer);
  private readonly free: number[] = [];
  private readonly most: number;

  /** @param bytes the most it takes from the system; 4 GiB at most */
  constructor(bytes: number) {
    this.most = Math.min(Math.floor(bytes / pageBytes), mostPages);
  }

  /** The number of a page whose content is left over from others; null when there is none left. */
  take(): number | null {
    if (this.free.length === 0) this.grow();
    return this.free.pop() ?? null;
  }

  give(pages: readonly number[]): void {
    this.free.push(...pages);
  }

  private grow(): void {
    const present = this.memory.buffer.byteLength / pageBytes;
    const added = Math.min(growth, this.most - present);
    if (added <= 0) return;
    this.memory.grow(added);
    this.floats = new Float32Array(this.memory.buffer);
    // In descending order, so that neighbours are taken one after the other.
    for (let page = present + added - 1; page >= present; page--) this.free.push(page);
  }
}
