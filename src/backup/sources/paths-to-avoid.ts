import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Source } from "./source.ts";

export interface Avoidance {
  sources: readonly Source[];
  workDirectory: string;
  /** The folder of the repository; null where it is not of this machine. */
  repository: string | null;
}

/** The repository never backs itself up, and only its own source reads a database. */
export async function pathsToAvoid(options: Avoidance): Promise<Set<string>> {
  const paths = [options.workDirectory, ...options.sources.flatMap((source) => source.owns)];
  if (options.repository !== null) paths.push(options.repository);
  const avoid = new Set<string>();
  for (const path of paths) {
    const folder = await realpath(dirname(path)).catch(() => dirname(path));
    avoid.add(join(folder, basename(path)));
    avoid.add(await realpath(path).catch(() => path));
  }
  return avoid;
}
