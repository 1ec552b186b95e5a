import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checksumOf, checksumsFile } from "./checksum.ts";

/**
 * Writes `checksums.json` beside compiled migrations: the SHA-256 of each TypeScript source, so
 * that a clone (which runs the source) and an installed package (which runs the compiled file)
 * agree on what was applied. Part of the build; fails when a compiled file is missing.
 */
export async function writeChecksums(sources: string, compiled: string): Promise<void> {
  const checksums: Record<string, string> = {};
  const present = new Set(await readdir(compiled));
  for (const entry of (await readdir(sources)).toSorted()) {
    if (!entry.endsWith(".ts") || entry.endsWith(".d.ts")) continue;
    const name = entry.slice(0, -".ts".length);
    if (!present.has(`${name}.js`)) throw new Error(`${join(compiled, name)}.js does not exist`);
    checksums[name] = checksumOf(await readFile(join(sources, entry), "utf8"));
  }
  await writeFile(join(compiled, checksumsFile), `${JSON.stringify(checksums, null, 2)}\n`);
}

if (import.meta.main) {
  const [sources, compiled] = process.argv.slice(2);
  if (sources === undefined || compiled === undefined) {
    throw new Error("usage: node write-checksums.ts SOURCES COMPILED");
  }
  await writeChecksums(sources, compiled);
}
