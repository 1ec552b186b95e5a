/**
 * Writes what the configuration is without a file and without variables: `loadProject` takes long
 * to find out, and it is always the same. To be run when a default changes; a test tells when.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadProject } from "./project.ts";
import { type Remembered, watchVariables } from "./remembered.ts";

/** Independent of where and by whom it is computed. */
export async function computeLocalDefaults(): Promise<Remembered> {
  const watch = watchVariables({});
  const project = await loadProject({ cwd: "/", env: watch.variables });
  const variables = Object.fromEntries([...(watch.seen ?? [])].map((name) => [name, null]));
  return { code: "", directory: "", file: null, environment: null, salt: "-", variables, project };
}

if (import.meta.main) {
  const text = `${JSON.stringify(await computeLocalDefaults(), null, 1)}\n`;
  writeFileSync(join(import.meta.dirname, "local-defaults.json"), text);
}
