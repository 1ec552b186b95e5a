import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";

/** Writes a private file that is found whole, as it was or as it is now, whatever happens. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, "w", 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}
