import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planStartingFiles } from "../../src/initialise/starting-files.ts";
import { writeStartingFiles } from "../../src/initialise/write-starting-files.ts";
import { packageRoot } from "../../src/package-root.ts";

export const templates = join(packageRoot, "templates");

export interface RenderedStack {
  folder: string;
  remove: () => void;
}

/** What `studio init --stack` writes, in a folder of its own. */
export function renderStack(name = "shop", domain = "studio.example.com"): RenderedStack {
  const folder = mkdtempSync(join(tmpdir(), "studio-stack-"));
  const stack = { domain, version: "0.1.0", now: new Date() };
  writeStartingFiles(planStartingFiles({ folder, templates, name, stack }));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
