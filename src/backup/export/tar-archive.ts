import type { Readable } from "node:stream";
import { PassThrough } from "node:stream";
import { callbackify } from "node:util";
import { Archiver } from "archiver";
import { paddingOf } from "../format/tar-member.ts";
import { type TarHeader, archiveEnd, encodeTarHeader } from "./tar-header.ts";

/** What the archiver hands through to the format. */
export interface TarData {
  name: string;
  header: TarHeader;
}

/**
 * archiver with a tar format of its own. The one it has writes names that are no UTF-8, or hold a
 * backslash, as other names, gives a mode of 0 as 644, and collects a file of unknown size in memory.
 */
export class TarArchive extends Archiver {
  // What archiver's own formats set as well.
  declare _format: string;
  declare _module: TarFormat;
  declare _supportsDirectory: boolean;
  declare _supportsSymlink: boolean;
  declare _modulePipe: () => void;

  constructor() {
    super();
    /* oxlint-disable no-underscore-dangle */
    this._format = "tar";
    this._module = new TarFormat();
    this._supportsDirectory = true;
    this._supportsSymlink = true;
    this._modulePipe();
    /* oxlint-enable no-underscore-dangle */
  }
}

/** The blocks of the archive. The archiver appends one member after the other. */
class TarFormat extends PassThrough {
  append(
    source: Buffer | Readable,
    { header }: TarData,
    done: (error: Error | null) => void,
  ): void {
    callbackify(() => this.#append(source, header))(done);
  }

  finalize(): void {
    this.end(archiveEnd);
  }

  async #append(source: Buffer | Readable, header: TarHeader): Promise<void> {
    await this.#put(encodeTarHeader(header));
    let size = 0;
    if (Buffer.isBuffer(source)) {
      size = source.length;
      if (size > 0) await this.#put(source);
    } else {
      for await (const piece of source as AsyncIterable<Buffer>) {
        size += piece.length;
        await this.#put(piece);
      }
    }
    if (size !== header.size) throw new Error(`${header.path} has another size than announced.`);
    const padding = paddingOf(size);
    if (padding > 0) await this.#put(archiveEnd.subarray(0, padding));
  }

  /** Waits until there is room for more. */
  #put(bytes: Buffer): Promise<void> {
    if (this.write(bytes)) return Promise.resolve();
    return new Promise((resolve) => this.once("drain", resolve));
  }
}
