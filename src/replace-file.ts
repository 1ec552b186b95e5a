import { dirname } from "node:path";
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

export interface ReplaceOptions {
  /** Permission bits whatever the umask; those of a private file by default. */
  mode?: number;
  /** False where a power cut may take the content: true by default. */
  flush?: boolean;
}

/** Writes a file that is found whole, as it was or as it is now, whatever happens. */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600, flush = true }: ReplaceOptions = {},
): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    write(temporary, content, mode, flush);
    renameSync(temporary, path);
    if (flush) flushFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function write(file: string, content: string | Uint8Array, mode: number, flush: boolean): void {
  const descriptor = openSync(file, "w", mode);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    if (flush) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(file, mode);
}

/** What was renamed is found under its new name after a power cut, too. */
function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
