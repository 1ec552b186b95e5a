import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseDatabaseUrl } from "../database/address.ts";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { View } from "./view.ts";

/**
 * The same place with the database whose URL stands in a file: a URL with a password does not
 * belong on a command line, where every process of the machine can read it.
 * @param file relative to the project's folder; null: the environment's own database
 */
export function withDatabaseFrom<Place extends View>(place: Place, file: string | null): Place {
  if (file === null) return place;
  const { directory } = place.project;
  const path = resolve(directory, file);
  const url = readUrl(path);
  const password = URL.parse(url)?.password ?? "";
  for (const secret of [password, decodeURIComponent(password)]) {
    if (secret !== "") place.onSecret(secret);
  }
  return { ...place, database: parseDatabaseUrl(url, directory) };
}

function readUrl(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new StudioError({
      code: "usage",
      message: `The file with the database URL, ${path}, cannot be read: ${reasonOf(error)}.`,
      hint: "Give --database-url-file the path of a file that holds the URL and nothing else.",
      exitCode: exitCodes.usage,
    });
  }
}
