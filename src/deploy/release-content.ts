import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Project } from "../config/project.ts";
import { type ModelRecord, bundledModelsFolder, findModels } from "../inference/models.ts";
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
} from "./content/content-store.ts";
import { openHashCache, saveHashCache } from "./content/hash-cache.ts";
import { modelFolders, projectMigrations } from "./project-folders.ts";
import { type ReleaseRecord, codeFolder, releaseFolder } from "./release.ts";

/** Everything a release consists of besides settings, as it lies in the project now. */
export interface ReleaseContent {
  code: CodeSnapshot;
  models: ModelRecord[];
  /** Files of the project's own models, by their path in the release's models folder. */
  modelFiles: SourceFile[];
  migrationFiles: SourceFile[];
}

interface SourceFile extends KeptFile {
  from: string;
}

function openContentStore(paths: StatePaths): ContentStore {
  mkdirSync(paths.releases, { recursive: true, mode: 0o700 });
  return { folder: paths.releases, hashes: openHashCache(join(paths.releases, "hashes.json")) };
}

/** Looks at code, models and migrations. Writes nothing but the cache of hashes. */
export async function readReleaseContent(
  paths: StatePaths,
  project: Project,
  remember: boolean,
): Promise<ReleaseContent> {
  const store = remember
    ? openContentStore(paths)
    : { folder: paths.releases, hashes: openHashCache(join(paths.releases, "hashes.json")) };
  const code = await snapshotCode(store);
  const models = await findModels(modelFolders(project), bundledModelsFolder);
  const modelFiles: SourceFile[] = [];
  for (const model of models.filter((one) => one.source === "project")) {
    const folder = dirname(model.file);
    modelFiles.push(...(await readFolder(store, folder, join(model.name, model.version))));
  }
  const folder = projectMigrations(project);
  const migrationFiles = folder === null ? [] : await readFolder(store, folder, "");
  if (remember) saveHashCache(store.hashes);
  return { code, models, modelFiles, migrationFiles };
}

export const releaseMigrationFolders = (
  paths: StatePaths,
  release: ReleaseRecord,
): { folder: string; origin: "studio" | "project" }[] => [
  {
    folder: join(codeFolder(paths, release.code.digest), release.code.migrations),
    origin: "studio",
  },
  { folder: join(releaseFolder(paths, release.id), "migrations"), origin: "project" },
];

/** Copies what is not kept yet. Interrupted, it leaves objects that a garbage collection ends. */
export async function keepReleaseContent(
  paths: StatePaths,
  content: ReleaseContent,
): Promise<void> {
  const store = openContentStore(paths);
  for (const file of content.code.files) {
    await keepContent(store, file, join(content.code.base, file.path));
  }
  for (const file of [...content.modelFiles, ...content.migrationFiles]) {
    await keepContent(store, file, file.from);
  }
}

/** Makes the code folder and the release's own folder from kept contents. */
export async function buildRelease(
  paths: StatePaths,
  content: ReleaseContent,
  release: ReleaseRecord,
): Promise<void> {
  const store = openContentStore(paths);
  const code = codeFolder(paths, release.code.digest);
  if (!existsSync(code)) buildView(store, content.code.files, code);
  const folder = releaseFolder(paths, release.id);
  if (existsSync(folder)) return;
  const partial = `${folder}.building`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  buildView(store, content.modelFiles, join(partial, "models"));
  buildView(store, content.migrationFiles, join(partial, "migrations"));
  writeFileSync(join(partial, "release.json"), `${JSON.stringify(release, null, 2)}\n`, {
    mode: 0o600,
  });
  renameSync(partial, folder);
  // One flush of the file system in place of thousands of files': a power cut after the release
  // is recorded must not find it empty. Where the program is missing the kernel does it later.
  await runCommand("sync", ["-f", folder]);
}

/** Removes a release's folder, and code and contents that no other release uses. */
export function discardRelease(paths: StatePaths, id: string, usedDigests: Set<string>): void {
  for (const folder of [releaseFolder(paths, id), `${releaseFolder(paths, id)}.building`]) {
    rmSync(folder, { recursive: true, force: true });
  }
  const codes = join(paths.releases, "code");
  if (existsSync(codes)) {
    for (const name of readdirSync(codes)) {
      if (!usedDigests.has(name)) rmSync(join(codes, name), { recursive: true, force: true });
    }
  }
  collectGarbage(openContentStore(paths));
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
