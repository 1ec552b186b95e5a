import { openSync, writeSync } from "node:fs";

/**
 * Keeps the processors from halting for as long as this process runs: Linux's PM QoS, the 32-bit
 * number of microseconds that waking may take (https://docs.kernel.org/power/pm_qos_interface.html).
 * A virtual machine's host takes some 50 us to wake one that halted, at every hand-over between
 * threads, and more at some hours than at others.
 * @returns false where the machine has no such thing, or this user may not
 */
export function keepAwake(): boolean {
  try {
    // Not closed: that would take it back.
    writeSync(openSync("/dev/cpu_dma_latency", "w"), new Uint8Array(4));
    return true;
  } catch {
    return false;
  }
}
