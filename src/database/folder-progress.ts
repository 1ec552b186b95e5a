import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface FolderProgress {
  /** Written so far. */
  bytes: number;
  /** Of the database on the server's disk: a rough measure of what is to come. */
  databaseBytes: number;
}

const interval = 500;

/** Tells twice a second how large a folder has become. */
export function watchFolder(
  folder: string,
  databaseBytes: number,
  onProgress?: (progress: FolderProgress) => void,
): { stop(): void } {
  if (onProgress === undefined) return { stop: () => {} };
  let stopped = false;
  const tell = async (): Promise<void> => {
    const bytes = await folderBytes(folder);
    if (!stopped) onProgress({ bytes, databaseBytes });
  };
  const timer = setInterval(() => void tell(), interval);
  timer.unref();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
