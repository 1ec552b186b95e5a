/**
 * Makes dist/, what the package runs: the sources without their types, joined to fewer files, and
 * the files that they read. Started by `npm run build`, and by npm itself before it packs.
 */
import { cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { writeChecksums } from "../migrate/write-checksums.ts";
import { runCommand } from "../shell/exec.ts";
import { joinModules } from "./join-modules.ts";

const root = resolve(import.meta.dirname, "../..");
const output = join(root, "dist");

/** Files that are read where they lie, beside the code or at the same place below dist/. */
const assets = [
  "src/inference/bundled/*/{model.onnx,config.yaml,CARD.md}",
  "src/inference/methods/*.md",
  "src/**/*.json",
  "benchmarks/*.yaml",
  "package-lock.json",
];

async function compile(): Promise<void> {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const project = join(import.meta.dirname, "tsconfig.build.json");
  const result = await runCommand(process.execPath, [compiler, "--project", project]);
  if (result.exitCode === 0) return;
  throw new Error(`The sources do not compile:\n${result.stdout}${result.stderr}`);
}

function copyAssets(): void {
  for (const path of globSync(assets, { cwd: root, exclude: ["src/packaging/**"] })) {
    mkdirSync(dirname(join(output, path)), { recursive: true });
    cpSync(join(root, path), join(output, path));
  }
}

rmSync(output, { recursive: true, force: true });
await compile();
await joinModules(output);
copyAssets();
await writeChecksums(join(root, "migrations"), join(output, "migrations"));
