#!/usr/bin/env node
// The only JavaScript of the project. Node.js 12, the oldest that supported servers bring, must be
// able to read it, to say which one is needed: no await outside a function, no `?.`, no `??`.
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const source = new URL("../src/main.ts", import.meta.url);
const isClone = existsSync(source);
/** The folder of the code, as modules name it: without symbolic links. */
const own = new URL(isClone ? "../" : "../dist/", import.meta.url).href;

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  const message = `studio needs Node.js 24.15 or later; this is ${process.versions.node}.`;
  const hint = isClone
    ? "In the clone, type `npm ci`, then `npx studio …`, which finds the Node.js that it brought."
    : "Install Node.js 24 (https://nodejs.org/en/download), then type the same again.";
  fail("node.tooOld", message, hint);
}
void start();

async function start() {
  const cache = compileCacheFolder();
  if (cache !== null) module.enableCompileCache(cache);
  module.registerHooks({ resolve: resolveOwn });
  const entry = isClone ? source : new URL("../dist/src/main.js", import.meta.url);
  try {
    const { main } = await import(entry.href);
    await main(process.argv.slice(2));
  } catch (error) {
    const isFresh = isClone && !existsSync(new URL("../node_modules", import.meta.url));
    if (!isFresh || error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    fail("dependencies.missing", "The dependencies of studio are not installed.", "npm ci");
  }
}

/**
 * studio's own files name one another by paths that are right: Node need not look for each of some
 * two hundred on the disk, follow its links and ask of which kind it is before it reads it.
 */
function resolveOwn(specifier, context, next) {
  const { parentURL } = context;
  const isOwn =
    /^\.\.?\/.*\.[tj]s$/.test(specifier) &&
    parentURL !== undefined &&
    parentURL.startsWith(own) &&
    !parentURL.includes("/node_modules/", own.length - 1);
  if (!isOwn) return next(specifier, context);
  const url = new URL(specifier, parentURL).href;
  return { url, format: isClone ? "module-typescript" : "module", shortCircuit: true };
}

/**
 * Where compiled code is kept between runs. Whoever can write there can run code as this user: a
 * folder that is somebody else's, or open to others, is not used, as Node's own default would be.
 */
function compileCacheFolder() {
  if (process.getuid === undefined) return null;
  const user = process.getuid();
  const folder = join(tmpdir(), `studio-code-${user}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const isPrivate = found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0;
    return isPrivate ? folder : null;
  } catch {
    return null;
  }
}

/** What the rest of studio would print, for when the rest cannot be loaded. */
function fail(code, message, hint) {
  process.stderr.write(`error: ${message}\nnext: ${hint}\n`);
  if (process.argv.includes("--json")) {
    const error = { code, message, hint, details: null };
    const document = { schema: "studio/v1", ok: false, exitCode: 8, result: null };
    process.stdout.write(`${JSON.stringify({ ...document, warnings: [], error }, null, 2)}\n`);
  }
  process.exit(8);
}
