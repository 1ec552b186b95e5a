import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { codeFingerprint, installedList } from "../../deploy/content/fingerprint.ts";
import { neededFiles } from "../../deploy/content/needed-files.ts";
import { ownPaths, walk } from "../../deploy/content/own-files.ts";
import { packageClosure } from "../../deploy/content/package-closure.ts";
import { packageRoot } from "../../package-root.ts";

/** The studio that runs here, as it is sent to a host. */
export interface OwnPackage {
  /** Differs with every file of studio, and with what is installed beside it. */
  digest: string;
  /** Of what is installed beside it alone: it changes seldom, and is most of what is sent. */
  dependencies: string;
}

export interface PackageFiles {
  /** The folder that the paths are relative to. */
  base: string;
  own: string[];
  dependencies: string[];
}

/** A release needs none of them, a command does. */
const templatePaths = (): string[] => walk(join(packageRoot, "templates"), () => true).toSorted();

/** Where bin/studio.js lies below the base. */
export function programPath(): string {
  return relative(packageClosure(packageRoot).base, join(packageRoot, "bin", "studio.js"));
}

export function describePackage(directory: string): OwnPackage {
  const system = `${process.platform} ${process.arch}`;
  const place = programPath();
  const list = installedList(packageRoot);
  const installed = list === null ? "" : hash("sha256", readFileSync(list));
  const dependencies = hash("sha256", `${system}\0${place}\0${installed}`);
  const templates = templatePaths().map((path) => hash("sha256", readFileSync(path)));
  const digest = hash(
    "sha256",
    [dependencies, codeFingerprint(directory), ...templates].join("\0"),
  );
  return { digest: digest.slice(0, 32), dependencies: dependencies.slice(0, 32) };
}

export function listPackage(): PackageFiles {
  const { base, packages, links } = packageClosure(packageRoot);
  const below = (path: string) => relative(base, path);
  const installed = packages.filter((folder) => folder !== packageRoot);
  const list = installedList(packageRoot);
  const dependencies = [...installed.flatMap(neededFiles), ...(list === null ? [] : [list])];
  return {
    base,
    own: [...ownPaths(), ...templatePaths()].map(below),
    dependencies: [...dependencies.map(below), ...links.map(({ path }) => path)],
  };
}
