#!/usr/bin/env node
// The only JavaScript of the project: runs on any Node far enough to say which one is needed.
import { existsSync } from "node:fs";
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  const message = `studio needs Node.js 24.15 or later; this is ${process.versions.node}.`;
  const hint =
    "In a clone, type `npx studio …`, which finds the Node.js that `npm ci` brought. " +
    "Elsewhere install Node.js 24.";
  fail("node.tooOld", message, hint);
}
module.enableCompileCache?.();

const source = new URL("../src/main.ts", import.meta.url);
const entry = existsSync(source) ? source : new URL("../dist/src/main.js", import.meta.url);
try {
  const { main } = await import(entry.href);
  await main(process.argv.slice(2));
} catch (error) {
  const freshClone = existsSync(source) && !existsSync(new URL("../node_modules", import.meta.url));
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || !freshClone) throw error;
  fail("dependencies.missing", "The dependencies of studio are not installed.", "npm ci");
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
