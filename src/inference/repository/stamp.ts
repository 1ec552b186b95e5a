import { stat } from "node:fs/promises";
import { systemCode } from "../../errors.ts";

/**
 * Size, times and inode of files, as one text: it differs once any of them was written, replaced,
 * made or removed. Links are followed.
 */
export async function stampFiles(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(files.map(stampFile));
  return parts.join("|");
}

async function stampFile(file: string): Promise<string> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true });
    return `${size}-${mtimeNs}-${ctimeNs}-${ino}`;
  } catch (error) {
    return systemCode(error) ?? "unreadable";
  }
}
