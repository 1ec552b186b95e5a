interface Reading<Result> {
  current: Promise<Result>;
  next: Promise<Result> | null;
}

/**
 * Shares one reading among those who ask at the same time. Whoever asks gets what was read after
 * they asked: a reading that is under way already is not theirs, they share the next one.
 */
export class Latest<Result> {
  private readonly readings = new Map<string, Reading<Result>>();
  private readonly read: (key: string) => Promise<Result>;

  constructor(read: (key: string) => Promise<Result>) {
    this.read = read;
  }

  get(key: string): Promise<Result> {
    const reading = this.readings.get(key);
    if (reading === undefined) {
      const begun: Reading<Result> = { current: this.read(key), next: null };
      this.readings.set(key, begun);
      this.follow(key, begun);
      return begun.current;
    }
    reading.next ??= reading.current.then(
      () => this.advance(key, reading),
      () => this.advance(key, reading),
    );
    return reading.next;
  }

  private advance(key: string, reading: Reading<Result>): Promise<Result> {
    reading.current = this.read(key);
    reading.next = null;
    this.follow(key, reading);
    return reading.current;
  }

  /** Forgets the key once nobody waits any more. */
  private follow(key: string, reading: Reading<Result>): void {
    const { current } = reading;
    const ended = (): void => {
      if (reading.current === current && reading.next === null) this.readings.delete(key);
    };
    current.then(ended, ended);
  }
}
