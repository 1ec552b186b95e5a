import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Files that let people use a repository without studio: text by name. */
export function readGuides(templates: string): Record<string, string> {
  const names = { "README.txt": "backup-readme.txt", "restore.sh": "restore.sh" };
  return Object.fromEntries(
    Object.entries(names).map(([name, file]) => [
      name,
      readFileSync(join(templates, file), "utf8"),
    ]),
  );
}
