/** Milliseconds without a new connection after the first, second, … failure; the last repeats. */
const pauses = [0, 10, 20, 40, 80, 160, 320, 640, 1000];

/** Keeps a target that accepts no connection from being asked for one with every request. */
export class BackOff {
  #failuresInARow = 0;
  #until = Number.NEGATIVE_INFINITY;

  /** Whether connections should not be asked for at a time, in milliseconds of any one clock. */
  isOn(now: number): boolean {
    return now < this.#until;
  }

  failed(now: number): void {
    // Those that were on their way together tell of one failure.
    if (this.isOn(now)) return;
    this.#until = now + (pauses[Math.min(this.#failuresInARow, pauses.length - 1)] ?? 0);
    this.#failuresInARow += 1;
  }

  succeeded(): void {
    this.#failuresInARow = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
