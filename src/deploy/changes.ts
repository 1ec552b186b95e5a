import { setTimeout as sleep } from "node:timers/promises";
import type { HealthInput } from "./health.ts";

/** Milliseconds between two looks: of who is told when to look, and of who is not. */
const pauses = { told: 1000, untold: 100 };

/** When it is time for another look at a release. */
export interface Changes {
  /** @param isTold whether whoever tells of changes tells of what is waited for */
  next(isTold: boolean): Promise<void>;
  end(): void;
}

/** Where nobody tells, or stops telling, one looks again and again. */
export function followChanges({ target, release, signal }: Omit<HealthInput, "say">): Changes {
  const ending = new AbortController();
  const over = AbortSignal.any([signal, ending.signal]);
  let isFollowing = target.changes !== undefined;
  let hasChanged = false;
  let waiting = new AbortController();
  const onChange = (): void => {
    hasChanged = true;
    waiting.abort();
  };
  const stopFollowing = (): void => {
    isFollowing = false;
    waiting.abort();
  };
  void target.changes?.(release, { signal: over, onChange }).then(stopFollowing, stopFollowing);
  return {
    async next(isTold) {
      waiting = new AbortController();
      const woken = AbortSignal.any([over, waiting.signal]);
      const pause = isTold && isFollowing ? pauses.told : pauses.untold;
      if (!hasChanged) await sleep(pause, undefined, { signal: woken }).catch(() => undefined);
      signal.throwIfAborted();
      hasChanged = false;
    },
    end: () => ending.abort(),
  };
}
