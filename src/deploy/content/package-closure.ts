import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { KeptLink } from "./content-store.ts";

interface Manifest {
  name?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export interface PackageClosure {
  /** The folder that holds every package folder below: paths in a view are relative to it. */
  base: string;
  /** Absolute package folders, the root package first. */
  packages: string[];
  /** How the packages find each other where the installer links them together, as pnpm does. */
  links: KeptLink[];
}

/**
 * The packages that code in `root` may import at run time: its dependencies and theirs, found the
 * way Node finds them, by node_modules folders upward (nodejs.org/api/esm.html, "resolution").
 * Development dependencies are not part of it.
 */
export function packageClosure(root: string): PackageClosure {
  const found = new Set<string>([root]);
  const links = new Map<string, string>();
  const queue = [root];
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    for (const name of dependencyNames(folder)) {
      const place = findPackage(folder, name);
      if (place === null) continue;
      const dependency = realpathSync(place);
      if (dependency !== place) links.set(place, dependency);
      if (found.has(dependency)) continue;
      found.add(dependency);
      queue.push(dependency);
    }
  }
  const packages = [...found];
  const base = commonBase([...packages, ...links.keys()]);
  return { base, packages, links: [...links].map(([place, to]) => linkBelow(base, place, to)) };
}

function dependencyNames(folder: string): string[] {
  const text = readFileSync(join(folder, "package.json"), "utf8");
  const manifest = JSON.parse(text) as Manifest;
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
}

function findPackage(from: string, name: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (dirname(folder) === folder) return null;
  }
}

function linkBelow(base: string, place: string, to: string): KeptLink {
  return { path: relative(base, place), to: relative(dirname(place), to) };
}

/** The deepest folder that contains them all and is no node_modules folder itself. */
function commonBase(packages: readonly string[]): string {
  let base = packages[0] ?? "/";
  for (const folder of packages) {
    while (relative(base, folder).startsWith("..")) base = dirname(base);
  }
  return base.endsWith(`${sep}node_modules`) ? dirname(base) : base;
}
