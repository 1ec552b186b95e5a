import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";

export interface FollowInput {
  /** The file to read now: another one once another release serves. */
  locate: () => string;
  /** Bytes of the first file that are known already. */
  position: number;
  signal: AbortSignal;
  write: (line: string) => void;
}

const pause = 200;
const pieceBytes = 1024 * 1024;

/** Writes each line that is added to a log, across rotations and new files, until the signal. */
export async function followLog(input: FollowInput): Promise<void> {
  const { locate, signal } = input;
  let file = locate();
  let log = new OpenLog(file, input.position);
  try {
    while (!signal.aborted) {
      if (log.readOn(input.write)) continue;
      const now = locate();
      // A rotation puts a new file in the name's place once the old one is read to its end.
      if (now !== file || log.isReplaced(file)) {
        const next = openIfThere(now);
        if (next !== null) {
          log.close();
          [file, log] = [now, next];
          continue;
        }
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  } finally {
    log.close();
  }
}

class OpenLog {
  readonly #descriptor: number;
  readonly #decoder = new StringDecoder("utf8");
  #position: number;
  #rest = "";

  constructor(file: string, position: number) {
    this.#descriptor = openSync(file, "r");
    this.#position = position;
  }

  /** Writes the lines of the next piece; false when there is none. */
  readOn(write: (line: string) => void): boolean {
    const { size } = fstatSync(this.#descriptor);
    if (size <= this.#position) return false;
    const buffer = Buffer.alloc(Math.min(size - this.#position, pieceBytes));
    const length = readSync(this.#descriptor, buffer, 0, buffer.length, this.#position);
    this.#position += length;
    const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, length))).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) write(line);
    return length > 0;
  }

  isReplaced(file: string): boolean {
    const found = statSync(file, { throwIfNoEntry: false });
    return found !== undefined && found.ino !== fstatSync(this.#descriptor).ino;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A release that was just recorded may not have written anything yet. */
function openIfThere(file: string): OpenLog | null {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? null : new OpenLog(file, 0);
}
