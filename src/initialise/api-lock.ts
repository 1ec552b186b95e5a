import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeRoot } from "../package-root.ts";

const studioPackage = "@selfhosted-ai/studio";

/** As package-lock.json(5) has it; each entry is passed on as it is. */
interface Lock {
  packages: Record<string, { dev?: boolean; name?: string; devDependencies?: object }>;
}

/** What studio was built and tested with: all packages, with the hashes of what is in them. */
const ownLockFile: string = join(codeRoot, "package-lock.json");

/**
 * The package-lock.json of a package that has studio as its one dependency: whoever installs it, at
 * whatever time, gets the packages that studio was tested with.
 */
export function apiLock({ name, version }: { name: string; version: string }): string {
  const { packages } = JSON.parse(readFileSync(ownLockFile, "utf8")) as Lock;
  const { devDependencies: _, name: __, ...studio } = packages[""] ?? {};
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  const lock = {
    name,
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name, dependencies: { [studioPackage]: version } },
      // Its own hash is not known before it is published, and its version is never published twice.
      [`node_modules/${studioPackage}`]: { ...studio, version },
      ...Object.fromEntries(needed),
    },
  };
  return `${JSON.stringify(lock, null, 2)}\n`;
}
