import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import type { Project } from "../config/project.ts";
import {
  type ModelRecord,
  bundledModelsFolder,
  findModels,
  sharedModelFiles,
} from "../inference/models.ts";
import type { Reach } from "../operation/faults.ts";
import { runCommand } from "../shell/exec.ts";
import type { StatePaths } from "../state.ts";
import { type CodeSnapshot, snapshotCode } from "./content/code-files.ts";
import {
  type ContentStore,
  type KeptFile,
  buildView,
  collectGarbage,
  hashFile,
  keepContent,
  removeView,
} from "./content/content-store.ts";
import { type HashCache, openHashCache, saveHashCache } from "./content/hash-cache.ts";
import { modelFolders, projectMigrations } from "./project-folders.ts";
import { type LocalRelease, codeFolder, compiledFolder, releaseFolder } from "./release.ts";

/** Everything a release consists of besides settings, as it lies in the project now. */
export interface ReleaseContent {
  code: CodeSnapshot;
  models: ModelRecord[];
  /** Files of the project's own models, by their path in the release's models folder. */
  modelFiles: SourceFile[];
  migrationFiles: SourceFile[];
  hashes: HashCache;
}

interface SourceFile extends KeptFile {
  from: string;
}

function contentStore(paths: StatePaths): ContentStore {
  return { folder: paths.releases, hashes: openHashCache(join(paths.releases, "hashes.json")) };
}

/** Looks at code, models and migrations. Keeps nothing of them. */
export async function readReleaseContent(
  paths: StatePaths,
  project: Project,
): Promise<ReleaseContent> {
  const store = contentStore(paths);
  const code = await snapshotCode(store, project.directory);
  const models = await findModels(modelFolders(project), bundledModelsFolder);
  const modelFiles: SourceFile[] = [];
  for (const model of models.filter((one) => one.source === "project")) {
    modelFiles.push(...(await readFolder(store, model.folder, join(model.name, model.version))));
  }
  modelFiles.push(...(await readSharedFiles(store, models)));
  const folder = projectMigrations(project);
  const migrationFiles = folder === null ? [] : await readFolder(store, folder, "");
  return { code, models, modelFiles, migrationFiles, hashes: store.hashes };
}

/** Copies what is not kept yet. Interrupted, it leaves objects that a garbage collection ends. */
export async function keepReleaseContent(
  paths: StatePaths,
  content: ReleaseContent,
  reach: Reach,
): Promise<void> {
  mkdirSync(paths.releases, { recursive: true, mode: 0o700 });
  const store: ContentStore = { folder: paths.releases, hashes: content.hashes };
  saveHashCache(store.hashes, reach);
  for (const file of content.code.files) {
    await keepContent(store, file, join(content.code.base, file.path), reach);
  }
  for (const file of [...content.modelFiles, ...content.migrationFiles]) {
    await keepContent(store, file, file.from, reach);
  }
}

/** Makes the code folder and the release's own folder from kept contents. */
export async function buildRelease(
  paths: StatePaths,
  content: ReleaseContent,
  release: LocalRelease,
  reach: Reach,
): Promise<void> {
  const store = contentStore(paths);
  const code = codeFolder(paths, release.code.digest);
  if (!existsSync(code)) buildView(store, content.code.files, code, content.code.links, reach);
  const folder = releaseFolder(paths, release.id);
  if (!existsSync(folder)) buildFolder(store, content, release, folder, reach);
  // One flush of the file system in place of thousands of files': a power cut after the release
  // is recorded must not find it empty. Where the program is missing the kernel does it later.
  await runCommand("sync", ["-f", folder]);
}

function buildFolder(
  store: ContentStore,
  content: ReleaseContent,
  release: LocalRelease,
  folder: string,
  reach: Reach,
): void {
  const partial = `${folder}.building`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  buildView(store, content.modelFiles, join(partial, "models"), [], reach);
  buildView(store, content.migrationFiles, join(partial, "migrations"), [], reach);
  writeFileSync(join(partial, "release.json"), `${JSON.stringify(release, null, 2)}\n`, {
    mode: 0o600,
  });
  reach("folder-built");
  renameSync(partial, folder);
  reach("folder-made");
}

/** Removes a release's folder, and code and contents that no other release uses. */
export function discardRelease(
  paths: StatePaths,
  id: string,
  usedDigests: ReadonlySet<string>,
  reach: Reach,
): void {
  const folder = releaseFolder(paths, id);
  rmSync(`${folder}.building`, { recursive: true, force: true });
  removeView(folder, reach);
  for (const code of unusedIn(codeFolder(paths, ""), usedDigests)) {
    removeView(code, reach);
  }
  for (const compiled of unusedIn(compiledFolder(paths, ""), usedDigests)) {
    rmSync(compiled, { recursive: true, force: true });
  }
  collectGarbage(contentStore(paths), reach);
}

function unusedIn(folder: string, usedDigests: ReadonlySet<string>): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => !usedDigests.has(name)).map((name) => join(folder, name));
}

/** What lies in the folders of models for all their versions: configuration and hashes. */
async function readSharedFiles(store: ContentStore, models: ModelRecord[]): Promise<SourceFile[]> {
  const roots = new Map<string, string>();
  for (const { name, root, folder, source } of models) {
    if (source === "project" && root !== folder) roots.set(root, name);
  }
  const files: SourceFile[] = [];
  for (const [root, name] of roots) {
    for (const shared of sharedModelFiles) {
      const from = join(root, shared);
      if (!existsSync(from)) continue;
      const path = join(name, shared);
      files.push({ ...(await hashFile(store, realpathSync(from))), path, from });
    }
  }
  return files;
}

async function readFolder(
  store: ContentStore,
  folder: string,
  prefix: string,
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue;
    const from = join(entry.parentPath, entry.name);
    const path = join(prefix, relative(folder, from));
    files.push({ ...(await hashFile(store, realpathSync(from))), path, from });
  }
  return files;
}
