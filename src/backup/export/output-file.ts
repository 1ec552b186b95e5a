import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Transform } from "node:stream";
import { StudioError, exitCodes, reasonOf, systemCode, usageError } from "../../errors.ts";
import { syncFolder } from "../restore/move-aside.ts";

/** Where an archive goes: a file that is there once it is complete, or a stream. */
export type ExportOutput = { file: string; overwrite: boolean } | { stream: NodeJS.WritableStream };

/** Takes what is written, and keeps it or leaves nothing. */
export interface OpenOutput {
  stream: NodeJS.WritableStream;
  keep(): Promise<void>;
  discard(): Promise<void>;
}

export async function openOutput(output: ExportOutput): Promise<OpenOutput> {
  if ("stream" in output) {
    const nothing = (): Promise<void> => Promise.resolve();
    return { stream: output.stream, keep: nothing, discard: nothing };
  }
  const { file, overwrite } = output;
  await refuseExisting(file, overwrite);
  // The archive holds what the snapshot holds: it is for nobody else to read.
  const beside = `${dirname(file)}/.studio-export-${randomBytes(8).toString("hex")}`;
  return {
    stream: createWriteStream(beside, { flags: "wx", mode: 0o600, flush: true }),
    async keep() {
      await rename(beside, file);
      await syncFolder(dirname(file));
    },
    discard: () => rm(beside, { force: true }),
  };
}

async function refuseExisting(file: string, overwrite: boolean): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null || (overwrite && found.isFile())) return;
  throw usageError(
    `${file} exists already.`,
    found.isFile() ? "Give another name, or --overwrite." : "Give the name of a file.",
  );
}

/** What the system says about the file of an archive, as an error that the operator can act on. */
export function outputFailure(error: unknown, place: string): unknown {
  const code = systemCode(error);
  if (error instanceof StudioError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) {
    return error;
  }
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new StudioError({
    code: full ? "export.full" : "export.unwritable",
    message: full
      ? `There is no room for ${place}; the unfinished archive was removed.`
      : `${place} cannot be written: ${reasonOf(error)}.`,
    hint: full
      ? "Free some space, write it to another disk, or choose less with --include."
      : "Give a file in a folder that you may write to.",
    exitCode: exitCodes.unavailable,
    cause: error,
  });
}

/** Passes bytes on, and knows their number and SHA-256 in the end. */
export class Tally extends Transform {
  bytes = 0;
  readonly #sum = createHash("sha256");

  override _transform(
    piece: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, piece: Buffer) => void,
  ): void {
    this.bytes += piece.length;
    this.#sum.update(piece);
    done(null, piece);
  }

  sha256(): string {
    return this.#sum.digest("hex");
  }
}
