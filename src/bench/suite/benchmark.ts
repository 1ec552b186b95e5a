/** Something that is timed: called over and over, and awaited where it gives a promise. */
export interface Benchmark {
  name: string;
  call: () => unknown;
}

/** What is timed together, made ready; `close` lets go of what it took. */
export interface LoadedSuite {
  benchmarks: Benchmark[];
  /** What could not be made ready, and why. */
  broken: { name: string; reason: string }[];
  close: () => Promise<void>;
}
