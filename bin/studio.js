#!/usr/bin/env node
// The only JavaScript of the project: runs on any Node far enough to say which one is needed.
import { existsSync } from "node:fs";
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `error: studio needs Node.js 24.15 or later; this is ${process.versions.node}.\n` +
      "next: In a clone, type `npx studio …`, which finds the Node.js that `npm ci` brought. " +
      "Elsewhere install Node.js 24.\n",
  );
  process.exit(8);
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
  process.stderr.write("error: The dependencies of studio are not installed.\nnext: npm ci\n");
  process.exit(8);
}
