import { setTimeout as sleep } from "node:timers/promises";

const shortest = 20;
const longest = 500;

/**
 * Pauses between looks at what a proxy has not ended yet: short at first, for most requests end soon,
 * and longer the longer it lasts, for each look takes a process.
 */
export function drainPause(): () => Promise<void> {
  let next = shortest;
  return async () => {
    const pause = next;
    next = Math.min(next * 1.5, longest);
    await sleep(pause);
  };
}
