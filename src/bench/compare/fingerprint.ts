import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";

/** What of the generating machine moves the figures: runs of different machines do not compare. */
export interface Fingerprint {
  processor: string;
  cores: number;
  /** Bytes. */
  memory: number;
  system: string;
  node: string;
}

export function environmentFingerprint(): Fingerprint {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  };
}
