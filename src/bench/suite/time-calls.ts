export interface Timing {
  /** Milliseconds of one call, one for each iteration. */
  times: number[];
  /** How many calls were timed together in an iteration, and their time shared among them. */
  callsPerIteration: number;
}

/**
 * Milliseconds that a piece takes at least which is timed as one. The clock is read twice for it,
 * which takes some 50 ns each: a thousandth of the piece.
 */
const shortestPiece = 0.1;

/** Milliseconds, at least, for the compiler to see what is called and for the caches to fill. */
const warmUpTime = 50;

const mostCalls = 1_000_000;

/** Where results go, so that no compiler finds that nobody needs them. */
let kept: unknown;

/** Times a function, after a warm-up of which nothing is kept. Whatever it throws comes through. */
export async function timeCalls(call: () => unknown, iterations: number): Promise<Timing> {
  const callsPerIteration = await warmUp(call);
  const times: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    times.push((await timePiece(call, callsPerIteration)) / callsPerIteration);
  }
  return { times, callsPerIteration };
}

/** @returns how many calls make a piece that is long enough for the clock */
async function warmUp(call: () => unknown): Promise<number> {
  const until = performance.now() + warmUpTime;
  let calls = 1;
  while (true) {
    const taken = await timePiece(call, calls);
    const isShort = taken < shortestPiece && calls < mostCalls;
    if (!isShort && performance.now() >= until) return calls;
    // A little more than needed: what is compiled meanwhile becomes faster.
    const growth = isShort ? Math.min(10, (1.2 * shortestPiece) / Math.max(taken, 1e-6)) : 1;
    calls = Math.min(mostCalls, Math.ceil(calls * growth));
  }
}

/** Milliseconds of so many calls in a row. */
async function timePiece(call: () => unknown, calls: number): Promise<number> {
  const start = performance.now();
  kept = call();
  if (isPromise(kept)) {
    await kept;
    for (let count = 1; count < calls; count += 1) kept = await call();
  } else {
    for (let count = 1; count < calls; count += 1) kept = call();
  }
  return performance.now() - start;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null || !("then" in value)) return false;
  return typeof value.then === "function";
}
