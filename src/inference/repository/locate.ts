import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes, reasonOf, systemCode } from "../../errors.ts";

/** A version of a model as it lies on the disk; nothing but names was looked at. */
export interface LocatedVersion {
  name: string;
  version: string;
  source: "project" | "bundled";
  /** Absolute path of the model's folder, in which its versions lie. */
  root: string;
  /** Absolute path of the version's folder: `root` itself for a model without version folders. */
  folder: string;
  /** Absolute path of the ONNX file. */
  file: string;
}

/** Told of a folder or file that cannot be read; what it holds is left out. */
export type OnProblem = (name: string, error: StudioError) => void;

/** Relative to a version's folder: Triton's place, and that of a Hugging Face folder. */
const modelFiles = ["model.onnx", join("onnx", "model.onnx")];

/** Hidden folders are none: they hold what is being copied or was put aside. */
export const nameOfModel: RegExp = /^[A-Za-z0-9][\w.-]*$/;

/** Made when two versions are compared: it takes milliseconds, and most models have one. */
let collator: Intl.Collator | null = null;

function compareNumerically(one: string, other: string): number {
  collator ??= new Intl.Collator("en", { numeric: true });
  return collator.compare(one, other);
}

/**
 * Orders versions as numbers, the highest first. What was made from a version (`2-int8`) comes after
 * it: it is not what answers unless it is asked for.
 */
export function newestFirst(one: string, other: string): number {
  const [base = "", ...suffix] = one.split("-");
  const [otherBase = "", ...otherSuffix] = other.split("-");
  return (
    compareNumerically(otherBase, base) ||
    Math.min(suffix.length, 1) - Math.min(otherSuffix.length, 1) ||
    compareNumerically(other, one)
  );
}

/**
 * Every version of every model: `<folder>/<name>/<version>/model.onnx`, `…/<version>/onnx/model.onnx`
 * and the same without version folders; the first folder that has a name wins, bundled models
 * come last. Ordered by name, then the newest version first.
 * @param folders absolute paths; a missing folder holds no models
 */
export async function locateVersions(
  folders: readonly string[],
  bundled: string,
  onProblem: OnProblem,
): Promise<LocatedVersion[]> {
  const found = new Map<string, LocatedVersion[]>();
  for (const [index, folder] of [...folders, bundled].entries()) {
    const source = index < folders.length ? "project" : "bundled";
    const attempt = <T>(name: string, look: () => Promise<T[]>) =>
      look().catch((error: unknown): T[] => {
        if (!(error instanceof StudioError)) throw error;
        onProblem(name, error);
        // The name is taken all the same: a bundled model must not stand in for one that is broken.
        if (name !== "") found.set(name, found.get(name) ?? []);
        return [];
      });
    for (const name of await attempt("", () => subfolders(folder))) {
      if (found.has(name)) continue;
      const versions = await attempt(name, () => locateModel(join(folder, name), name, source));
      if (versions.length > 0) found.set(name, versions);
    }
  }
  const names = [...found.keys()].toSorted();
  return names.flatMap((name) => found.get(name) as LocatedVersion[]);
}

async function locateModel(
  root: string,
  name: string,
  source: LocatedVersion["source"],
): Promise<LocatedVersion[]> {
  const whole = await modelFileIn(root);
  if (whole !== null) {
    const version = (await versionInConfiguration(root)) ?? "1";
    return [{ name, version, source, root, folder: root, file: whole }];
  }
  return (await versionFoldersIn(root)).map((one) => ({ name, source, root, ...one }));
}

/** The version folders of a model's folder that hold a model, the newest first. */
export async function versionFoldersIn(
  root: string,
): Promise<Pick<LocatedVersion, "version" | "folder" | "file">[]> {
  const versions: Pick<LocatedVersion, "version" | "folder" | "file">[] = [];
  for (const version of (await subfolders(root)).toSorted(newestFirst)) {
    const folder = join(root, version);
    const file = await modelFileIn(folder);
    if (file !== null) versions.push({ version, folder, file });
  }
  return versions;
}

/** Absolute path of the ONNX file in a folder; null where there is none. */
export async function modelFileIn(folder: string): Promise<string | null> {
  for (const name of modelFiles) {
    const file = join(folder, name);
    if ((await sizeOf(file)) !== null) return file;
  }
  return null;
}

/** The key `version` of a configuration, without the parser of YAML: listing has to be quick. */
async function versionInConfiguration(folder: string): Promise<string | null> {
  const file = join(folder, "config.yaml");
  try {
    const [, version] = /^version:\s*["']?([\w.-]+)/m.exec(await readFile(file, "utf8")) ?? [];
    return version ?? null;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw unreadable(file, reasonOf(error), error);
  }
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const folders: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!nameOfModel.test(entry.name)) continue;
      // A model's folder may be a link; what such a link points at shows when it is read.
      if (entry.isDirectory() || entry.isSymbolicLink()) folders.push(entry.name);
    }
    return folders;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw unreadable(folder, reasonOf(error), error);
  }
}

/** Bytes of a file; null when there is none of that name. @throws StudioError `model.unreadable` */
export async function sizeOf(file: string): Promise<number | null> {
  try {
    const entry = await stat(file);
    return entry.isFile() ? entry.size : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
    throw unreadable(file, reasonOf(error), error);
  }
}

export function unreadable(path: string, reason: string, cause?: unknown): StudioError {
  return new StudioError({
    code: "model.unreadable",
    message: `The model ${path} cannot be read: ${reason}.`,
    hint: "Mend or remove it; a model is a folder <models>/<name>/<version> with model.onnx.",
    exitCode: exitCodes.usage,
    cause,
  });
}
