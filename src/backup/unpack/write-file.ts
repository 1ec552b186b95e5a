import {
  closeSync,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { systemCode } from "../../errors.ts";
import { systemPath } from "../format/path-text.ts";
import type { FileToWrite } from "./protocol.ts";
import { systemTime } from "../system-time.ts";

const zeroBlock = Buffer.alloc(4096);

/** A file that is being written beside its place. */
export class FileWriter {
  readonly #file: FileToWrite;
  readonly #descriptor: number;
  #position = 0;

  constructor(file: FileToWrite) {
    this.#file = file;
    this.#descriptor = openSync(systemPath(file.temporary), "wx", 0o600);
  }

  write(bytes: Buffer): void {
    if (this.#file.sparse) this.#writeSparsely(bytes);
    else this.#writeAt(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** Gives the file its attributes and moves it to its place. */
  finish(): void {
    const { owner, mode, mtime, temporary, final, sparse } = this.#file;
    try {
      if (sparse) ftruncateSync(this.#descriptor, this.#position);
      if (owner !== null) giveTo(this.#descriptor, owner);
      // After the owner: a change of owner clears the set-user-id bit.
      fchmodSync(this.#descriptor, mode);
      futimesSync(this.#descriptor, systemTime(mtime), systemTime(mtime));
    } catch (error) {
      this.discard();
      throw error;
    }
    closeSync(this.#descriptor);
    if (final === null) return;
    try {
      renameSync(systemPath(temporary), systemPath(final));
    } catch (error) {
      unlinkSync(systemPath(temporary));
      throw error;
    }
  }

  discard(): void {
    closeSync(this.#descriptor);
    unlinkSync(systemPath(this.#file.temporary));
  }

  #writeAt(bytes: Buffer, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
    }
  }

  #writeSparsely(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += zeroBlock.length) {
      const block = bytes.subarray(start, start + zeroBlock.length);
      if (block.compare(zeroBlock, 0, block.length) === 0) continue;
      this.#writeAt(block, this.#position + start);
    }
  }
}

function giveTo(descriptor: number, { uid, gid }: { uid: number; gid: number }): void {
  try {
    fchownSync(descriptor, uid, gid);
  } catch (error) {
    // Some network file systems know no owners.
    if (systemCode(error) !== "EPERM" && systemCode(error) !== "ENOTSUP") throw error;
  }
}
