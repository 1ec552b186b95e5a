import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";

/** Written beside compiled migrations: the checksum of each one's TypeScript source. */
export const checksumsFile = "checksums.json";

/**
 * SHA-256 of a migration's source, in hexadecimal. Line ends count as `\n`, since a version
 * control system may change them between two clones of the same source.
 */
export function checksumOf(source: string): string {
  return createHash("sha256").update(source.replaceAll("\r\n", "\n")).digest("hex");
}

/**
 * The checksum of a migration in several files: of their texts in their order, with a NUL character
 * between two of them. No text of SQL holds one.
 */
export function checksumOfFiles(sources: readonly string[]): string {
  return checksumOf(sources.join("\0"));
}

/** The checksums shipped beside compiled migrations, by name; null where there are none. */
export function readShippedChecksums(folder: string): Map<string, string> | null {
  try {
    const text = readFileSync(join(folder, checksumsFile), "utf8");
    return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
