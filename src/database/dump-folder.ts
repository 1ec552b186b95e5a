import { chmod, mkdir, readdir } from "node:fs/promises";
import { usageError } from "../errors.ts";

/** Makes the folder of a dump, which only its owner can read. */
export async function prepareDumpFolder(into: string): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  if ((await readdir(into)).length > 0) {
    throw usageError(`The folder ${into} is not empty, and a dump needs one of its own.`);
  }
  await chmod(into, 0o700);
}
