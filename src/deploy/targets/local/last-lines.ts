import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Enough for a stack trace and what led to it. */
const tailBytes = 64 * 1024;

/** The last lines of a text file; none when it does not exist. */
export function readLastLines(file: string, count: number): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString("utf8").split("\n");
    return lines.filter((line) => line !== "").slice(-count);
  } finally {
    closeSync(descriptor);
  }
}
