import { readFile } from "node:fs/promises";
import { reasonOf, usageError } from "../errors.ts";

/** The texts of the age identity files that an operator named; they are secrets. */
export async function readIdentities(files: readonly string[]): Promise<string[]> {
  return Promise.all(
    files.map((file) =>
      readFile(file, "utf8").catch((error: unknown) => {
        throw usageError(
          `The identity file ${file} cannot be read: ${reasonOf(error)}.`,
          "Give the file that age-keygen or studio wrote, with --identity FILE.",
        );
      }),
    ),
  );
}
