import { readFileSync, statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { existingAncestor } from "../deploy/existing-ancestor.ts";
import { systemCode } from "../errors.ts";
import { roughBytes } from "../format/rough.ts";
import { packageRoot } from "../package-root.ts";
import { type Check, type Finding, ok, skipped, wrong } from "./check.ts";
import type { Scene } from "./scene.ts";

export const hostChecks: readonly Check[] = [
  {
    title: "Node.js is recent enough",
    check: ({ host }) => compareVersions(host.node, requiredNode()),
    fix: "Install Node.js 24 and start studio with it.",
  },
  {
    title: "Disk has room",
    check: freeDisk,
    fix: "Make room (studio backup prune removes old snapshots), or lower deploy.require.disk.",
  },
  {
    title: "Memory is free",
    check: freeMemory,
    fix: "End other programs, or lower deploy.require.memory.",
  },
  {
    title: "State folder is private",
    check: stateFolder,
    fix: "chmod 700 .studio",
  },
];

/** The `engines` of package.json: `>=24.15`. */
function requiredNode(): string {
  const text = readFileSync(join(packageRoot, "package.json"), "utf8");
  return (JSON.parse(text) as { engines: { node: string } }).engines.node.replace(/^>=/, "");
}

function compareVersions(found: string, required: string): Finding {
  const [major = 0, minor = 0] = found.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = required.split(".").map(Number);
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return enough ? ok(found) : wrong(`${found}; ${required} or later is needed`);
}

function freeDisk({ project, paths }: Scene): Finding {
  if ("error" in project || paths === null) return skipped("studio.yaml must be valid first");
  const { bavail, bsize } = statfsSync(existingAncestor(paths.root));
  return compareBytes(bavail * bsize, project.value.settings.deploy.require.disk);
}

function freeMemory({ project, host }: Scene): Finding {
  if ("error" in project) return skipped("studio.yaml must be valid first");
  return compareBytes(host.freeMemory, project.value.settings.deploy.require.memory);
}

function compareBytes(free: number, wanted: number): Finding {
  const found = `${roughBytes(free)} free, ${roughBytes(wanted)} wanted`;
  return free < wanted ? wrong(found) : ok(found);
}

function stateFolder({ paths }: Scene): Finding {
  if (paths === null) return skipped("studio.yaml must be valid first");
  try {
    const mode = statSync(paths.root).mode & 0o777;
    const found = `mode ${mode.toString(8).padStart(4, "0")}`;
    return (mode & 0o077) === 0 ? ok(found) : wrong(found, `chmod 700 ${paths.root}`);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return skipped("there is none yet");
    throw error;
  }
}
