/** Counts the milliseconds of a migration's own work: what is looked up in between is left out. */
export class WorkClock {
  readonly #started = performance.now();
  #leftOut = 0;
  #standing = 0;
  #stoodStill = 0;

  now(): number {
    const now = this.#standing > 0 ? this.#stoodStill : performance.now();
    return now - this.#started - this.#leftOut;
  }

  /** Runs `work` while the clock stands still; may be nested. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    if (this.#standing === 0) this.#stoodStill = performance.now();
    this.#standing += 1;
    try {
      return await work();
    } finally {
      this.#standing -= 1;
      if (this.#standing === 0) this.#leftOut += performance.now() - this.#stoodStill;
    }
  }
}

/** To a tenth of a millisecond. */
export function roundTime(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
