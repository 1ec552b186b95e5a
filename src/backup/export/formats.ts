import type { Duplex } from "node:stream";
import { constants, createGzip, createZstdCompress } from "node:zlib";

/** What an archive for other programs is. */
export type ArchiveFormat = "tar" | "tar.gz" | "tar.zst" | "zip";

export const archiveFormats: readonly ArchiveFormat[] = ["tar.gz", "tar", "tar.zst", "zip"];

const endings: readonly [ending: string, format: ArchiveFormat][] = [
  [".tar.gz", "tar.gz"],
  [".tgz", "tar.gz"],
  [".tar.zst", "tar.zst"],
  [".tzst", "tar.zst"],
  [".tar", "tar"],
  [".zip", "zip"],
];

/** The format that the name of a file asks for, or null for a name that asks for none. */
export function formatOfName(file: string): ArchiveFormat | null {
  const name = file.toLowerCase();
  return endings.find(([ending]) => name.endsWith(ending))?.[1] ?? null;
}

/** What compresses an archive on its way; null where the format does it itself, or does not. */
export function compressorOf(format: ArchiveFormat): Duplex | null {
  if (format === "tar.gz") return createGzip({ level: 6 });
  if (format !== "tar.zst") return null;
  // One frame, without workers: with them Node's stream breaks off (nodejs/node#59899).
  return createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}
