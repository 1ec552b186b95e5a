import { readFileSync } from "node:fs";

/** Clock ticks of all processors together since the machine started. */
export interface ProcessorTime {
  total: number;
  /** Taken away by the host of a virtual machine. */
  steal: number;
}

/**
 * Reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guest
 * time, which follows, is in user time already (proc_stat(5)).
 *
 * @returns null where the text is of another form.
 */
export function parseProcessorTime(text: string): ProcessorTime | null {
  const [name, ...figures] = (text.split("\n", 1)[0] ?? "").split(/\s+/);
  const ticks = figures.slice(0, 8).map(Number);
  const steal = ticks[7];
  if (name !== "cpu" || steal === undefined || ticks.some((one) => !Number.isFinite(one))) {
    return null;
  }
  return { total: ticks.reduce((sum, one) => sum + one, 0), steal };
}

/** @returns null on a system without /proc. */
export function readProcessorTime(): ProcessorTime | null {
  try {
    return parseProcessorTime(readFileSync("/proc/stat", "latin1"));
  } catch {
    return null;
  }
}

/** The share of processor time, 0 to 1, that was taken away between two looks; null: unknown. */
export function stolenShare(before: ProcessorTime | null, after: ProcessorTime | null) {
  if (before === null || after === null) return null;
  const passed = after.total - before.total;
  return passed <= 0 ? null : Math.max(0, after.steal - before.steal) / passed;
}
