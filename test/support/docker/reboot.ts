import { execFileSync } from "node:child_process";
import type { StackProject } from "./stack-project.ts";

/** All of a stack's containers die at one moment, as where the machine loses its power. */
export function killAll(project: StackProject): void {
  const running = project.running();
  if (running.length > 0) docker(["kill", ...running]);
}

/** Starts those that an engine starts with the machine, whatever they were at before. */
export function comeBack({ stack }: StackProject): void {
  const filter = `label=com.docker.compose.project=${stack}`;
  const names = docker(["ps", "-a", "--format", "{{.Names}}", "--filter", filter]).toSorted();
  const policies = docker(["inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", ...names]);
  // An engine knows no order: the proxy comes before what it finds by name.
  const returning = names.filter((_, index) => policies[index] === "always").toReversed();
  if (returning.length > 0) docker(["start", ...returning]);
}

function docker(argv: readonly string[]): string[] {
  const text = execFileSync("docker", argv, { encoding: "utf8", stdio: "pipe" });
  return text.trim().split("\n");
}
