/** Milliseconds after the first, second, … failure of a user in a row; the last one repeats. */
const pauses = [0, 10, 20, 40, 80, 160, 320, 640, 1000];

/** @param failuresBefore how many in a row came before this one */
export function backOff(failuresBefore: number): number {
  return pauses[Math.min(failuresBefore, pauses.length - 1)] ?? 0;
}
