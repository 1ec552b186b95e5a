import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ContentStore,
  type KeptFile,
  buildView,
  digestOf,
  hashFile,
  keepContent,
} from "../../../src/deploy/content/content-store.ts";
import { findDamage } from "../../../src/deploy/content/find-damage.ts";
import { openHashCache } from "../../../src/deploy/content/hash-cache.ts";
import { packageClosure } from "../../../src/deploy/content/package-closure.ts";
import type { LocalRelease } from "../../../src/deploy/release.ts";
import { statePaths } from "../../../src/state.ts";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "studio-linked-")));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A package in a folder of its own, with links to its dependencies beside it, as pnpm lays it. */
function addPackage(name: string, dependencies: string[], code: string): string {
  const modules = join(folder, "packages", `${name}@1.0.0`, "node_modules");
  const home = join(modules, name);
  mkdirSync(home, { recursive: true });
  const wanted = Object.fromEntries(dependencies.map((dependency) => [dependency, "1.0.0"]));
  const manifest = { name, type: "module", exports: "./main.js", dependencies: wanted };
  writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(home, "main.js"), code);
  for (const dependency of dependencies) {
    const link = join(modules, dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(
      relative(
        dirname(link),
        join(folder, "packages", `${dependency}@1.0.0`, "node_modules", dependency),
      ),
      link,
    );
  }
  return home;
}

function addProgram(): string {
  addPackage("@deep/word", [], `export const word = "found";`);
  addPackage("middle", ["@deep/word"], `export { word } from "@deep/word";`);
  const code = `import { word as one } from "middle";
    import { word as other } from "@deep/word";
    console.log(one, other);`;
  return addPackage("program", ["middle", "@deep/word"], code);
}

/** Keeps a program and what it depends on, as a release does. */
async function viewOf(root: string) {
  const { base, links } = packageClosure(root);
  expect(links).toHaveLength(3);
  const { releases } = statePaths(folder, "local");
  const store = { folder: releases, hashes: openHashCache(join(folder, "hashes.json")) };
  const files = await hashPackages(store, root);
  for (const file of files) await keepContent(store, file, join(base, file.path), () => {});
  const digest = digestOf(files, links);
  const view = join(releases, "code", digest);
  buildView(store, files, view, links, () => {});
  const release = { code: { digest }, models: [] as unknown } as LocalRelease;
  return { view, entry: join(relative(base, root), "main.js"), release };
}

async function hashPackages(store: ContentStore, root: string): Promise<KeptFile[]> {
  const { base, packages } = packageClosure(root);
  const paths = packages.flatMap((home) => readdirSync(home).map((name) => join(home, name)));
  const files: KeptFile[] = [];
  for (const path of paths) {
    files.push({ ...(await hashFile(store, path)), path: relative(base, path) });
  }
  return files;
}

test("packages that are linked together find each other in a view, wherever it lies", async () => {
  const { view, entry } = await viewOf(addProgram());
  // What was installed is gone: only the view is left to find anything in.
  rmSync(join(folder, "packages"), { recursive: true });
  const program = join(view, entry);
  expect(execFileSync(process.execPath, [program], { encoding: "utf8" })).toBe("found found\n");
});

test("a view with links is found to be whole, and changed once a link leads elsewhere", async () => {
  const { view, release } = await viewOf(addProgram());
  const paths = statePaths(folder, "local");
  expect(await findDamage(paths, release)).toBeNull();
  const link = join(view, "program@1.0.0", "node_modules", "middle");
  rmSync(link);
  symlinkSync("../../elsewhere", link);
  expect(await findDamage(paths, release)).toContain("have changed");
});

test("a link has its part in the digest of a view", async () => {
  const files = [{ path: "a", bytes: 1, sha256: "0" }];
  const here = digestOf(files, [{ path: "b", to: "a" }]);
  expect(digestOf(files, [{ path: "b", to: "c" }])).not.toBe(here);
  expect(digestOf(files)).not.toBe(here);
});

test("packages that lie in each other's node_modules folders need no link", () => {
  const root = join(folder, "node_modules", "program");
  for (const home of [root, join(folder, "node_modules", "middle")]) {
    mkdirSync(home, { recursive: true });
    const dependencies = home === root ? { middle: "1.0.0" } : {};
    writeFileSync(join(home, "package.json"), JSON.stringify({ dependencies }));
  }
  const packages = [root, join(folder, "node_modules", "middle")];
  expect(packageClosure(root)).toEqual({ base: folder, packages, links: [] });
});
