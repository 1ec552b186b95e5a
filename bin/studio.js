#!/usr/bin/env node
// The only JavaScript of the project. Node.js 12, the oldest that supported servers bring, must be
// able to read it, to say which one is needed: no await outside a function, no `?.`, no `??`.
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const source = new URL("../src/main.ts", import.meta.url);
const isClone = existsSync(source);

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
