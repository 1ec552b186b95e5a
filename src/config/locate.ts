import { lstatSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { StudioError, exitCodes, systemCode } from "../errors.ts";

const configurationFileName = "studio.yaml";

export interface Location {
  /** The folder of the project. */
  directory: string;
  /** Absolute path, or null when there is no file and the defaults count. */
  file: string | null;
  /** The file's name in messages: `studio.yaml`. */
  label: string;
}

/** The file named by `--config`, else the nearest studio.yaml from `cwd` upward, else none. */
export function locateConfiguration(cwd: string, configFile: string | undefined): Location {
  if (configFile !== undefined) {
    const file = resolve(cwd, configFile);
    if (!exists(file)) throw missing(file);
    return { directory: dirname(file), file, label: basename(file) };
  }
  let folder = resolve(cwd);
  for (;;) {
    const file = join(folder, configurationFileName);
    if (exists(file)) return { directory: folder, file, label: configurationFileName };
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return { directory: resolve(cwd), file: null, label: configurationFileName };
}

/** True for anything of that name, also a broken link: it was meant, and reading it explains it. */
function exists(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch (error) {
    return systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR";
  }
}

function missing(file: string): StudioError {
  return new StudioError({
    code: "config.missing",
    message: `The configuration file ${file} does not exist.`,
    hint: "Check the path given by --config, or write a file with: studio init",
    exitCode: exitCodes.usage,
  });
}
