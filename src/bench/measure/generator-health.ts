import type { EventLoopDelay } from "./event-loop-delay.ts";
import { readProcessorTime, stolenShare } from "./processor-time.ts";
import type { LatencySummary } from "./summary.ts";

/** How well the generator itself did: whether its figures are about the target at all. */
export interface GeneratorHealth {
  /** How late requests were sent, in milliseconds; null in a closed model, which has no schedule. */
  sendLag: LatencySummary | null;
  /** Of the worst thread, in milliseconds. */
  eventLoopDelay: EventLoopDelay;
  /** The share of the machine's processor time that its host took away; null where unknown. */
  steal: number | null;
  /** Processors that studio itself kept busy: 0.5 is half of one. */
  processors: number;
}

/** Watches what the machine gives and what this process takes, until it is asked. */
export function watchProcessors(): () => Pick<GeneratorHealth, "steal" | "processors"> {
  const before = readProcessorTime();
  const usedBefore = process.cpuUsage();
  const startedAt = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(usedBefore);
    const elapsed = (performance.now() - startedAt) * 1000;
    return {
      steal: stolenShare(before, readProcessorTime()),
      processors: elapsed === 0 ? 0 : (user + system) / elapsed,
    };
  };
}
