import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { type ObjectName, objectKey } from "../format/object.ts";
import { release } from "../format/release.ts";

/** Gives the stored bytes of objects, one at a time or, where that saves time, the next one early. */
export interface ObjectSource {
  /** Whether the next object should be asked for while one is worked on. */
  readonly ahead: boolean;
  /** The stored bytes, which belong to the caller until it gives them back; null: missing. */
  take(object: ObjectName): Promise<Buffer | null>;
  /** Takes the memory back: the bytes are of no use afterwards. */
  give(bytes: Buffer): void;
}

/** Objects that come from elsewhere, each in memory of its own. */
export function fetchedObjects(
  fetch: (object: ObjectName) => Promise<Buffer | null>,
  ahead = true,
): ObjectSource {
  return { ahead, take: fetch, give: release };
}

/** Objects of a repository on this machine, read one after the other into the same memory. */
export function localObjects(directory: string, encrypted: boolean): ObjectSource {
  let memory = Buffer.allocUnsafeSlow(0);
  return {
    ahead: false,
    async take(object) {
      const file = join(directory, objectKey(object, encrypted));
      const descriptor = openExisting(file);
      if (descriptor === null) return null;
      try {
        const { size } = fstatSync(descriptor);
        if (size > memory.length) memory = Buffer.allocUnsafeSlow(roundUp(size));
        return memory.subarray(0, readAll(descriptor, memory, size));
      } finally {
        closeSync(descriptor);
      }
    },
    give() {},
  };
}

const step = 1024 * 1024;

/** Objects differ a little in length: their memory should not be given up for that. */
function roundUp(size: number): number {
  return Math.ceil(size / step) * step;
}

function openExisting(file: string): number | null {
  try {
    return openSync(file, "r");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function readAll(descriptor: number, into: Buffer, size: number): number {
  let done = 0;
  while (done < size) {
    const count = readSync(descriptor, into, done, size - done, done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
