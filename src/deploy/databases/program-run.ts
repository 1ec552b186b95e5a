import type { ProcessIdentity } from "../../shell/process-identity.ts";

/** What the programs of a server's kind are run with. */
export interface ProgramRun {
  signal?: AbortSignal | undefined;
  /** Told the process group of each program before it runs, so that it can be journaled. */
  onStart?: ((identity: ProcessIdentity) => void) | undefined;
  say?: ((line: string) => void) | undefined;
}

/** Absent options must be absent, not undefined. */
export function given({ signal, onStart, say }: ProgramRun) {
  return {
    signal,
    ...(onStart === undefined ? {} : { onStart }),
    ...(say === undefined ? {} : { say }),
  };
}
