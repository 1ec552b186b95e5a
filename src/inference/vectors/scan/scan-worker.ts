import { workerData } from "node:worker_threads";
import { createKernel } from "../kernel/kernel.ts";
import type { SharedMemory } from "../kernel/shared-memory.ts";
import { control, workOn } from "./scan-control.ts";

export interface ScanWorkerData {
  memory: SharedMemory;
  shared: Int32Array;
}

const { memory, shared } = workerData as ScanWorkerData;
const kernel = createKernel(memory);
while (Atomics.load(shared, control.stopping) === 0) {
  // Read before the work is looked for: work that comes after that wakes this thread at once.
  const signal = Atomics.load(shared, control.signal);
  workOn(shared, kernel);
  Atomics.wait(shared, control.signal, signal);
}
