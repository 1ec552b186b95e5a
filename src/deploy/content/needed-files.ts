import { relative, sep } from "node:path";
import { walk } from "./own-files.ts";

/** For people and tools: texts, types, sources of native code, settings of linters and the like. */
const readByNobody = /^\.|\.(?:d\.[cm]?ts|map|md|markdown|flow|[ch]|cc|cpp|hpp|gypi?)$/i;

/** Node strips no types below node_modules: such a file there is the source of a compiled one. */
const typescript = /\.[cm]?tsx?$/;

/** At the top of a package. */
const runByNobody = /^(?:tests?|__tests__|bench(?:marks?)?|docs?|examples?)$/;

/** Native packages carry the libraries of every system, tens of megabytes each. */
const native = /^(?:bin\/napi-v\d+|prebuilds)\/(linux|darwin|win32)(?:musl)?(?:[/-](x64|arm64))?/;

/**
 * What a package needs at run time, without the packages nested in it: they are packages of their
 * own. The fewer files, the faster a deploy and the proof of what it kept.
 */
export function neededFiles(folder: string): string[] {
  const isInstalled = folder.includes(`${sep}node_modules${sep}`);
  return walk(folder, (entry, absolute) => {
    const path = relative(folder, absolute);
    if (readByNobody.test(entry.name) || isOtherPlatform(path)) return false;
    if (!entry.isDirectory()) return !(isInstalled && typescript.test(entry.name));
    return entry.name !== "node_modules" && !runByNobody.test(path);
  });
}

function isOtherPlatform(path: string): boolean {
  const [, platform, architecture] = native.exec(path) ?? [];
  if (platform === undefined) return false;
  return (
    platform !== process.platform || (architecture !== undefined && architecture !== process.arch)
  );
}
