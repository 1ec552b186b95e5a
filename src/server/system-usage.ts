import { statfs } from "node:fs/promises";
import { cpus, totalmem } from "node:os";

export interface SystemUsage {
  memory_usage_percent: number;
  cpu_usage_percent: number;
  disk_usage_percent: number;
}

interface ProcessorTimes {
  busy: number;
  total: number;
}

/** Measures the machine: memory and disk at the moment, processors since the measurement before. */
export class SystemMeter {
  private readonly folder: string;
  private before: ProcessorTimes = readProcessorTimes();
  private processors = 0;

  /** @param folder the folder whose file system is measured */
  constructor(folder: string) {
    this.folder = folder;
  }

  async measure(): Promise<SystemUsage> {
    return {
      memory_usage_percent: memoryUsage(),
      cpu_usage_percent: this.processorUsage(),
      disk_usage_percent: await diskUsage(this.folder),
    };
  }

  private processorUsage(): number {
    const now = readProcessorTimes();
    const total = now.total - this.before.total;
    // Too short a time says nothing: the kernel counts in hundredths of a second.
    if (total < 200) return this.processors;
    this.processors = percent(now.busy - this.before.busy, total);
    this.before = now;
    return this.processors;
  }
}

/** Of the memory that the process may have: the machine's, or its control group's limit. */
function memoryUsage(): number {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return percent(total - process.availableMemory(), total);
}

/** @returns the share of the file system in use, in percent */
export async function diskUsage(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(folder);
  const used = blocks - bfree;
  // As df does: blocks that only root may use count as neither free nor used.
  return percent(used, used + bavail);
}

function readProcessorTimes(): ProcessorTimes {
  let busy = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    idle += times.idle;
  }
  return { busy, total: busy + idle };
}

function percent(part: number, whole: number): number {
  if (whole <= 0) return 0;
  return Math.round(Math.min(Math.max((100 * part) / whole, 0), 100) * 10) / 10;
}
