import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Bytes that are kept of the beginning of a job's output, and as many of its end. */
const keptBytes = 1_000_000;
/** Files that are kept of each job, and for how long at most, in milliseconds. */
const keptFiles = 100;
const keptFor = 90 * 24 * 3_600_000;

export interface OutputLog {
  write(chunk: Buffer): void;
  close(): void;
}

/**
 * A file (mode 0600) with the output of one run. Of a long output the middle is left out, so that
 * no job fills the disk; a disk that is full costs output and never the job.
 */
export function openOutputLog(file: string, kept: number = keptBytes): OutputLog {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, "w", 0o600);
  const tail: Buffer[] = [];
  let room = kept;
  let tailBytes = 0;
  let leftOut = 0;
  const put = (bytes: Buffer | string) => {
    try {
      writeSync(descriptor, bytes as Buffer);
    } catch {
      // The disk is full.
    }
  };
  return {
    write(chunk) {
      const head = chunk.subarray(0, room);
      room -= head.length;
      if (head.length > 0) put(head);
      if (head.length === chunk.length) return;
      const rest = chunk.subarray(head.length);
      tail.push(rest);
      tailBytes += rest.length;
      for (let first = tail[0]; first !== undefined && tailBytes - first.length >= kept; ) {
        leftOut += first.length;
        tailBytes -= first.length;
        tail.shift();
        first = tail[0];
      }
    },
    close() {
      if (leftOut > 0) put(`\n[${leftOut} bytes are left out here]\n`);
      for (const chunk of tail) put(chunk);
      closeSync(descriptor);
    },
  };
}

/** Removes what is too old or too much of a job's output; names begin with the time of the run. */
export function rotateOutput(folder: string, now: Date): void {
  const names = readdirSync(folder).filter((name) => name.endsWith(".log"));
  const newest = names.toSorted().toReversed();
  for (const [place, name] of newest.entries()) {
    const file = join(folder, name);
    const age = now.getTime() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (place >= keptFiles || age > keptFor) rmSync(file, { force: true });
  }
}
