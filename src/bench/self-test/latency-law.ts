/** How the fault server answers; times in milliseconds. */
export type Law =
  /** Each answer takes so long. */
  | { kind: "constant"; delay: number }
  /** For `length` out of `every` it answers nothing, then all at once. */
  | { kind: "stall"; every: number; length: number }
  /** Each second request gets no answer, but the end of its connection. */
  | { kind: "hang-up" };

/** When a request that comes at a time (milliseconds since the server began) is answered. */
export function answerTime(law: Law, at: number): number {
  if (law.kind === "constant") return at + law.delay;
  if (law.kind === "hang-up") return at;
  const into = at % law.every;
  return into < law.length ? at - into + law.length : at;
}

/**
 * The response time, in milliseconds, that a share `quantile` of requests does not exceed when they
 * come evenly over whole periods. In a stall they wait for what is left of it, which is uniform from
 * nothing to its length: a share of length / every exceeds 0, and P(wait > x) falls in a line.
 */
export function trueQuantile(law: Law, quantile: number): number {
  if (law.kind === "constant") return law.delay;
  if (law.kind === "hang-up") return 0;
  const affected = law.length / law.every;
  const beyond = 1 - quantile;
  return beyond >= affected ? 0 : law.length * (1 - beyond / affected);
}

export function trueErrorRate(law: Law): number {
  return law.kind === "hang-up" ? 0.5 : 0;
}
