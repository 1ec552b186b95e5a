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

/**
 * Whether two stamps tell of the same files, but for the time of their inodes: that changes too where
 * a file's last content stays and another name of it comes or goes, as releases share theirs.
 */
export function isSameButForLinks(one: string, other: string): boolean {
  return withoutInodeTime(one) === withoutInodeTime(other);
}

const withoutInodeTime = (stamp: string): string =>
  stamp.replaceAll(/(\d+-\d+)-\d+(-\d+)/g, "$1$2");

async function stampFile(file: string): Promise<string> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true });
    return `${size}-${mtimeNs}-${ctimeNs}-${ino}`;
  } catch (error) {
    return systemCode(error) ?? "unreadable";
  }
}
