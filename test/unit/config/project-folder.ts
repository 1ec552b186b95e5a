import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type LoadInput, type Project, loadProject } from "../../../src/config/project.ts";
import { StudioError } from "../../../src/errors.ts";

/** A temporary folder with these files; it goes away with the test. */
export async function projectFolder(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "studio-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** Loads a project whose studio.yaml is `text`. */
export async function load(text: string, input: Partial<LoadInput> = {}): Promise<Project> {
  const cwd = await projectFolder({ "studio.yaml": text });
  return loadProject({ cwd, env: {}, ...input });
}

/** The lines of the error that loading `text` ends with, without the file's path. */
export async function problemsOf(text: string, input: Partial<LoadInput> = {}): Promise<string[]> {
  try {
    await load(text, input);
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== "config.invalid") throw error;
    const lines = error.message.split("\n").slice(1);
    return lines.map((line) => line.trim());
  }
  return [];
}

export function originOf(project: Project, path: string): string {
  const origin = project.origins.find((one) => one.path === path);
  return origin === undefined
    ? "none"
    : `${JSON.stringify(origin.value)} ${origin.source} ${origin.detail}`;
}
