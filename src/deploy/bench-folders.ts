import { join, resolve } from "node:path";
import type { Project } from "../config/project.ts";
import { codeRoot } from "../package-root.ts";

/** Where scenarios are looked for: the project's folder, then studio's own. */
export function benchFolders(project: Pick<Project, "settings" | "directory">): string[] {
  return [
    resolve(project.directory, project.settings.bench.directory),
    join(codeRoot, "benchmarks"),
  ];
}
