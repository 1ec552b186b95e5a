import type { ManifestEntry } from "./manifest.ts";

/** The line of a file in the format of `sha256sum`; nothing for what is not a whole file. */
export function checksumLine(entry: ManifestEntry): string {
  if (entry.type !== "file") return "";
  // GNU coreutils mark a line whose name is escaped by a backslash at its start.
  const escaped = entry.path
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `${escaped === entry.path ? "" : "\\"}${entry.sha256}  ${escaped}\n`;
}

export function checksumList(entries: readonly ManifestEntry[]): Buffer {
  return Buffer.from(entries.map(checksumLine).join(""));
}
