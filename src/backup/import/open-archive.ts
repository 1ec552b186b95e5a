import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { reasonOf, systemCode, usageError } from "../../errors.ts";
import { brokenArchive } from "./refusals.ts";
import { decompressZstd } from "./zstd-frames.ts";

const readBytes = 1024 * 1024;

export interface OpenArchive {
  /** Bytes of the file. */
  size: number;
  /** The blocks of the tar archive, as they come. */
  content: AsyncIterable<Buffer>;
}

/** Opens an archive, plain or compressed; its first bytes say which, not its name. */
export async function openArchive(file: string, signal?: AbortSignal): Promise<OpenArchive> {
  const { start, size } = await lookInto(file);
  const bytes = createReadStream(file, { highWaterMark: readBytes, signal });
  if (start.readUInt16BE(0) === 0x1f8b) return { size, content: decompressGzip(bytes) };
  const zstd = start.readUInt32LE(0);
  if (zstd === 0xfd2fb528 || zstd >>> 4 === 0x184d2a5) {
    return { size, content: decompressZstd(bytes) };
  }
  const other = foreign.find(([magic]) => start.subarray(0, magic.length).equals(magic));
  if (other === undefined) return { size, content: bytes };
  bytes.destroy();
  throw usageError(
    `${file} is ${other[1]}; tar archives are imported, plain or compressed by gzip or zstd.`,
    other[2],
  );
}

const foreign: readonly [magic: Buffer, what: string, hint: string][] = [
  [Buffer.from("PK"), "a zip archive", "Unpack it with unzip, and pack the folder with tar."],
  [Buffer.from("BZh"), "compressed by bzip2", "Decompress it first: bunzip2 FILE"],
  [Buffer.from("\u00fd7zXZ", "latin1"), "compressed by xz", "Decompress it first: unxz FILE"],
  [
    Buffer.from("7z\u00bc\u00af", "latin1"),
    "a 7z archive",
    "Unpack it, and pack the folder with tar.",
  ],
];

async function lookInto(file: string): Promise<{ start: Buffer; size: number }> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file, "r");
    const stats = await handle.stat();
    if (!stats.isFile()) throw usageError(`${file} is no file.`, "Give the file of an archive.");
    const start = Buffer.alloc(512);
    await handle.read(start, 0, start.length, 0);
    return { start, size: stats.size };
  } catch (error) {
    if (!/^E[A-Z]+$/.test(systemCode(error) ?? "")) throw error;
    throw usageError(`${file} cannot be read: ${reasonOf(error)}.`, "Give the file of an archive.");
  } finally {
    await handle?.close();
  }
}

async function* decompressGzip(source: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  // Whatever fails there is thrown where the content is read.
  pipeline(source, gunzip, () => undefined);
  try {
    for await (const piece of gunzip) yield piece as Buffer;
  } catch (error) {
    if (systemCode(error)?.startsWith("Z_") !== true) throw error;
    throw brokenArchive(`its gzip data is not whole (${reasonOf(error)})`);
  } finally {
    source.destroy();
  }
}
