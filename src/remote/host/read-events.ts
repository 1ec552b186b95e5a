import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const pause = 40;
const pieceBytes = 256 * 1024;

/** What is added to a run's events, from an offset on, until its writer is gone. */
export async function* readEvents(
  file: string,
  offset: number,
  isWritten: () => boolean,
): AsyncGenerator<Buffer, void> {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, "r");
  try {
    for (let at = offset; ; ) {
      // Asked before reading: what was written last is read once more.
      const goesOn = isWritten();
      const buffer = Buffer.alloc(pieceBytes);
      const length = readSync(descriptor, buffer, 0, pieceBytes, at);
      at += length;
      if (length > 0) yield buffer.subarray(0, length);
      else if (goesOn) await sleep(pause);
      else return;
    }
  } finally {
    closeSync(descriptor);
  }
}
