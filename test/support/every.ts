/** In the long form a loop over all that can happen takes every step; in the short one a few. */
export const everyStep = process.env["STUDIO_TEST_EVERY"] === "1";

/** How far apart the steps are: 1 in the long form. */
export function stride(short: number): number {
  return everyStep ? 1 : short;
}

/** How many rounds: fewer in the short form. */
export function rounds(short: number, long: number): number {
  return everyStep ? long : short;
}

/** Milliseconds that a loop may take: hours in the long form. */
export function timeLimit(short: number): number {
  return everyStep ? 7_200_000 : short;
}
