import { LRUCache } from "lru-cache";

export interface LockoutOptions {
  /** Wrong keys within the lock-out's time that lock an address out. */
  attempts: number;
  /** Milliseconds for which it is locked out. */
  duration: number;
  /** Milliseconds of a clock that never goes back. */
  clock: () => number;
  locked: (address: string) => void;
  /**
   * Counts a wrong key where all daemons count, and tells for how many milliseconds the address is
   * locked out; rejects where that cannot be done. Null: each daemon counts for itself.
   */
  shared: ((address: string, attempts: number, duration: number) => Promise<number>) | null;
}

interface Suspect {
  failures: number;
  /** When the first of the failures was. */
  since: number;
  /** Until when it is locked out; 0: it is not. */
  until: number;
}

/** So many addresses are remembered at most; of more, those that were quiet longest are forgotten. */
const mostAddresses = 50_000;

/**
 * Locks addresses out that send wrong keys. A right key does not let a locked address in. Where
 * daemons count together, one hears of another's lock-out with the first wrong key that it is sent
 * itself: so no request with a right key waits, and who guesses has one guess more a daemon.
 */
export class Lockout {
  readonly #options: LockoutOptions;
  readonly #suspects = new LRUCache<string, Suspect>({ max: mostAddresses });

  constructor(options: LockoutOptions) {
    this.#options = options;
  }

  /** Milliseconds until the address may try again; 0 when it may now. */
  remaining(address: string): number {
    const suspect = this.#suspects.get(address);
    if (suspect === undefined) return 0;
    return Math.max(0, suspect.until - this.#options.clock());
  }

  /** Counts a wrong key. */
  async fail(address: string): Promise<void> {
    const { attempts, duration, shared } = this.#options;
    this.#failHere(address);
    // Whatever is wrong with the common count: this one goes on.
    const left = (await shared?.(address, attempts, duration).catch(() => 0)) ?? 0;
    if (left > 0 && this.remaining(address) === 0) this.#lock(address, left);
  }

  #failHere(address: string): void {
    const { attempts, duration, clock } = this.#options;
    const now = clock();
    const known = this.#suspects.get(address);
    const isOver = known === undefined || now - known.since >= duration;
    const suspect: Suspect = isOver ? { failures: 0, since: now, until: 0 } : known;
    suspect.failures++;
    // One that is locked out already is not asked for its key; but several may have been on the way.
    if (suspect.failures >= attempts && suspect.until <= now) {
      this.#lock(address, duration);
    } else {
      this.#suspects.set(address, suspect);
    }
  }

  #lock(address: string, duration: number): void {
    const now = this.#options.clock();
    this.#suspects.set(address, { failures: 0, since: now, until: now + duration });
    this.#options.locked(address);
  }

  /** How many addresses are locked out now. */
  get size(): number {
    const now = this.#options.clock();
    let count = 0;
    for (const { until } of this.#suspects.values()) if (until > now) count++;
    return count;
  }
}
