import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { systemCode } from "../errors.ts";

export interface RotationOptions {
  /** A file that would grow beyond this many bytes is put aside first. Default: 10 MB. */
  bytes?: number;
  /** How many files put aside are kept: `<file>.1` (the newest) to `<file>.<keep>`. Default: 50. */
  keep?: number;
  /** Milliseconds for which one is kept after its last line. Default: without end. */
  age?: number;
}

/** Milliseconds between two looks for files that are too old. */
const lookInterval = 3_600_000;

/**
 * A log file that is put aside when it grows too large. Each line is appended with one write, so
 * several processes may share the file. A line that cannot be written is dropped: a full disk must
 * not end the daemon.
 */
export class RotatingFile {
  private readonly file: string;
  private readonly limit: number;
  private readonly keep: number;
  private readonly age: number;
  private looked = 0;
  private descriptor: number | null = null;
  private size = 0;

  constructor(
    file: string,
    { bytes = 10 * 1024 * 1024, keep = 50, age = Infinity }: RotationOptions = {},
  ) {
    this.file = file;
    this.limit = bytes;
    this.keep = keep;
    this.age = age;
    this.open();
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    try {
      this.dropOld();
      if (this.size > 0 && this.size + bytes.length > this.limit) this.rotate();
      const descriptor = this.descriptor ?? this.open();
      writeSync(descriptor, bytes);
      this.size += bytes.length;
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  private open(): number {
    this.descriptor = openSync(this.file, "a", 0o600);
    this.size = fstatSync(this.descriptor).size;
    return this.descriptor;
  }

  private rotate(): void {
    // Another process may have put the file aside already: then there is only a new one to open.
    if (this.isCurrent()) {
      for (let number = this.keep; number >= 1; number--) {
        const from = number === 1 ? this.file : `${this.file}.${number - 1}`;
        renameIfPresent(from, `${this.file}.${number}`);
      }
    }
    this.close();
    this.open();
  }

  private dropOld(): void {
    const now = Date.now();
    if (now - this.looked < lookInterval) return;
    this.looked = now;
    for (let number = this.keep; number >= 1; number--) {
      const file = `${this.file}.${number}`;
      const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
      if (now - written > this.age) rmSync(file, { force: true });
    }
  }

  private isCurrent(): boolean {
    if (this.descriptor === null) return false;
    const named = statSync(this.file, { throwIfNoEntry: false });
    return named?.ino === fstatSync(this.descriptor).ino;
  }
}

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
