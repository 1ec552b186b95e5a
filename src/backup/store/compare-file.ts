import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import type { Comparison } from "./store.ts";

const pieceBytes = 256 * 1024;
let readBuffer: Buffer | null = null;

/** Piece by piece, so that reading back what was written takes no memory. */
export async function compareFile(path: string, content: Uint8Array): Promise<Comparison> {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "missing";
    throw error;
  }
  try {
    if (fstatSync(descriptor).size !== content.length) return "different";
    readBuffer ??= Buffer.allocUnsafeSlow(pieceBytes);
    for (let done = 0; done < content.length; ) {
      const count = readSync(descriptor, readBuffer, 0, pieceBytes, done);
      const expected = content.subarray(done, done + count);
      if (count === 0 || !readBuffer.subarray(0, count).equals(expected)) {
        return "different";
      }
      done += count;
    }
    return "same";
  } finally {
    closeSync(descriptor);
  }
}
