import { roughBytes, roughDuration } from "./rough.ts";

export interface Advance {
  /** Done so far. */
  bytes: number;
  /** Null while it is not known. */
  totalBytes: number | null;
}

/**
 * What to tell of a long action: `1.2 GB of 4.0 GB, 310 MB/s, 9 s left`. The rate is that since
 * the beginning; the time left is not told before a second has gone by, when it is a guess.
 */
export function advanceText({ bytes, totalBytes }: Advance, milliseconds: number): string {
  const known = totalBytes !== null && totalBytes > 0;
  const done = known ? `${roughBytes(bytes)} of ${roughBytes(totalBytes)}` : roughBytes(bytes);
  if (milliseconds < 1000 || bytes === 0) return done;
  const rate = (bytes * 1000) / milliseconds;
  const told = `${done}, ${roughBytes(Math.round(rate))}/s`;
  if (!known || bytes >= totalBytes) return told;
  return `${told}, ${roughDuration(Math.max(1000, ((totalBytes - bytes) * 1000) / rate))} left`;
}

/** Tells of an advance at most five times a second. */
export function createAdvance(
  tell: (text: string) => void,
  clock: () => number = () => performance.now(),
): (advance: Advance) => void {
  const started = clock();
  let next = started;
  return (advance) => {
    const now = clock();
    if (now < next) return;
    next = now + 200;
    tell(advanceText(advance, now - started));
  };
}
