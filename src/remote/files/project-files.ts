import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import type { Project } from "../../config/project.ts";
import { runCommand } from "../../shell/exec.ts";
import type { ProjectFile } from "../protocol.ts";
import { referencesIn } from "../references.ts";

export interface ListedFile extends Pick<ProjectFile, "path" | "kind" | "executable" | "bytes"> {
  /** Where it is read: links are followed. */
  from: string;
}

/** Never part of a project. */
const foreign = new Set([".git", ".studio", "node_modules"]);

/**
 * The files that belong to a project on another host: what git would take, or without git all files
 * but hidden ones of variables; models whether or not git knows of them; and the files that hold
 * secrets, where this machine has them.
 */
export async function listProjectFiles(
  project: Project,
  env: Record<string, string | undefined>,
): Promise<ListedFile[]> {
  const { directory, settings, file } = project;
  const models = settings.serve.models.map((folder) => resolve(directory, folder));
  const secrets = secretFiles(settings).map((path) => resolve(directory, path));
  const versioned = (await listByGit(directory, env)) ?? walk(directory, directory, false);
  const named = file === null ? [] : [basename(file)];
  const paths = new Set([
    ...versioned,
    ...named,
    ...models.flatMap((folder) => walk(directory, folder, true)),
    ...secrets.map((path) => relative(directory, path)),
  ]);
  const below = models.map((folder) => `${relative(directory, folder)}${sep}`);
  return [...paths].toSorted().flatMap((path): ListedFile[] => {
    const from = join(directory, path);
    if (!isInside(path) || statSync(from, { throwIfNoEntry: false })?.isFile() !== true) return [];
    const { size, mode } = statSync(from);
    const isModel = below.some((folder) => path.startsWith(folder));
    const kind = secrets.includes(from) ? "secret" : isModel ? "model" : "project";
    return [{ path, kind, executable: (mode & 0o100) !== 0, bytes: size, from }];
  });
}

function isInside(path: string): boolean {
  const parts = path.split(sep);
  return path !== "" && parts[0] !== ".." && !parts.some((part) => foreign.has(part));
}

/** Tracked and new files without ignored ones; null outside of a work tree, or without git. */
async function listByGit(
  directory: string,
  env: Record<string, string | undefined>,
): Promise<string[] | null> {
  const options = ["--cached", "--others", "--exclude-standard", "-z"];
  const argv = ["-C", directory, "ls-files", ...options];
  const { exitCode, stdout } = await runCommand("git", argv, { env }).catch(() => ({
    exitCode: 127,
    stdout: "",
  }));
  if (exitCode !== 0) return null;
  const paths = stdout.split("\0").filter((path) => path !== "");
  // A submodule is named as a folder, and so is another repository within this one.
  return paths.flatMap((path) => {
    const whole = join(directory, path);
    const isFolder = statSync(whole, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? walk(directory, whole, false) : [path];
  });
}

/** The files below a folder, relative to `base`; through links, but never in circles. */
function walk(base: string, folder: string, isModels: boolean, above: string[] = []): string[] {
  if (!existsSync(folder)) return [];
  const real = realpathSync(folder);
  if (above.includes(real)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (foreign.has(entry.name) || entry.name === ".pull") return [];
    if (!isModels && /^\.env(\.|$)/.test(entry.name) && entry.name !== ".env.example") return [];
    const path = join(folder, entry.name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) return walk(base, path, isModels, [...above, real]);
    return stats?.isFile() === true ? [relative(base, path)] : [];
  });
}

/** The file of variables, and what `{ file: PATH }` names. */
function secretFiles(settings: Project["settings"]): string[] {
  const { file } = settings.variables;
  return [...(file === null ? [] : [file]), ...referencesIn(settings, "file")];
}
