import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { cachedFile, keepsCache, readCached, writeCached } from "../cached-file.ts";
import { type Stamp, stampOf } from "../file-stamp.ts";
import { codeRoot, isCompiled, packageRoot } from "../package-root.ts";
import type { Location } from "./locate.ts";
import type { Remembered } from "./remembered.ts";

const localDefaultsFile = join(import.meta.dirname, "local-defaults.json");

/** What was remembered of an environment; null where nothing was, or what cannot be read. */
export function readMemory(location: Location, environment: string | null): Remembered | null {
  return readCached(memoryFile(location, environment)) as Remembered | null;
}

/** What JSON would not bring back as it was is not remembered. */
export function writeMemory(location: Location, remembered: Remembered): void {
  if (!keepsCache(location.directory)) return;
  const text = JSON.stringify(remembered);
  if (!isDeepStrictEqual(JSON.parse(text), remembered)) return;
  writeCached(memoryFile(location, remembered.environment), text);
}

/** What `loadProject` gives without a file and with none of these variables. */
export function readLocalDefaults(): Remembered {
  return JSON.parse(readFileSync(localDefaultsFile, "utf8")) as Remembered;
}

/** Of the schema and all that reads it: another version may read the same file differently. */
export function codeStamp(): Stamp {
  const { digest, settled } = stampOf([...codeFiles(), join(packageRoot, "package.json")]);
  // Node knows the time zones.
  return { digest: `${process.version} ${digest}`, settled };
}

/** In the package, where modules are joined, what starts it names all others by what is in them. */
function codeFiles(): string[] {
  if (isCompiled) return [join(codeRoot, "src", "main.js")];
  const folders = [import.meta.dirname, join(import.meta.dirname, "schema")];
  return folders
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .toSorted();
}

/** One for each file: commands with different ones may take turns. */
function memoryFile({ directory, label }: Location, environment: string | null): string {
  const name = environment === null ? "default" : `env-${encodeURIComponent(environment)}`;
  return cachedFile(directory, `${encodeURIComponent(label)}@${name}.json`);
}
