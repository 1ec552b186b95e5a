import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late the timers of a thread were, in milliseconds. */
export interface EventLoopDelay {
  p99: number;
  max: number;
}

const resolution = 10;

/** Watches the event loop of the calling thread until it is asked. */
export function watchEventLoop(): () => EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return () => {
    histogram.disable();
    // Node records the distance of two looks, which includes the pause between them.
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution);
    if (histogram.count === 0) return { p99: 0, max: 0 };
    return { p99: late(histogram.percentile(99)), max: late(histogram.max) };
  };
}

export function worstDelay(delays: readonly EventLoopDelay[]): EventLoopDelay {
  return {
    p99: Math.max(0, ...delays.map(({ p99 }) => p99)),
    max: Math.max(0, ...delays.map(({ max }) => max)),
  };
}
