import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackProject } from "./stack-project.ts";

/**
 * Changes a service in the project's compose file.
 * @returns what undoes it
 */
export function changeService(project: StackProject, name: string, change: object): () => void {
  const file = join(project.directory, "compose.yaml");
  const text = readFileSync(file, "utf8");
  const stack = JSON.parse(text);
  Object.assign(stack.services[name], change);
  writeFileSync(file, JSON.stringify(stack));
  return () => writeFileSync(file, text);
}

/** The application's image under another id. */
export function variantOfImage(
  { directory, stack }: StackProject,
  line = "LABEL variant=1",
): string {
  const { services } = JSON.parse(readFileSync(join(directory, "compose.yaml"), "utf8"));
  const folder = join(directory, "variant");
  const tag = `studio/${stack}/variant:1`;
  mkdirSync(folder);
  writeFileSync(join(folder, "Dockerfile"), `FROM ${services.api.image}\n${line}\n`);
  execFileSync("docker", ["build", "-q", "-t", tag, folder], { stdio: "pipe" });
  rmSync(folder, { recursive: true });
  return tag;
}
