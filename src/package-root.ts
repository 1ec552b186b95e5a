import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of studio's own package.json: one level above src/, two above dist/src/. */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

function findPackageRoot(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** True when the compiled package runs, false in a clone, where Node strips the types itself. */
export const isCompiled: boolean = import.meta.url.endsWith(".js");

/** The folder that holds migrations/, benchmarks/ and src/ as they run: dist/ when compiled. */
export const codeRoot: string = isCompiled ? join(packageRoot, "dist") : packageRoot;

export function packageVersion(): string {
  const text = readFileSync(join(packageRoot, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
