import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isCompiled, packageVersion } from "../package-root.ts";
import type { Remembered } from "./remembered.ts";

const localDefaultsFile = join(import.meta.dirname, "local-defaults.json");

/** What was remembered of an environment; null where nothing was, or what cannot be read. */
export function readMemory(directory: string, environment: string | null): Remembered | null {
  try {
    return JSON.parse(readFileSync(memoryFile(directory, environment), "utf8")) as Remembered;
  } catch {
    return null;
  }
}

/** Only where studio keeps state already: a command that looks leaves no trace. */
export function writeMemory(directory: string, remembered: Remembered): void {
  if (!existsSync(join(directory, ".studio"))) return;
  const text = JSON.stringify(remembered);
  if (!isDeepStrictEqual(JSON.parse(text), remembered)) return;
  const file = memoryFile(directory, remembered.environment);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // A full disk or a folder of someone else's costs time, nothing more.
  }
}

/** What `loadProject` gives without a file and with none of these variables. */
export function readLocalDefaults(): Remembered {
  return JSON.parse(readFileSync(localDefaultsFile, "utf8")) as Remembered;
}

/** In a clone the sources may change under the same version. */
export function codeVersion(): string {
  if (isCompiled) return packageVersion();
  let newest = 0;
  for (const folder of [import.meta.dirname, join(import.meta.dirname, "schema")]) {
    for (const name of readdirSync(folder)) {
      newest = Math.max(newest, statSync(join(folder, name)).mtimeMs);
    }
  }
  return `${packageVersion()} ${newest}`;
}

function memoryFile(directory: string, environment: string | null): string {
  const name = environment === null ? "default" : `env-${encodeURIComponent(environment)}`;
  return join(directory, ".studio", "cache", `project-${name}.json`);
}
