import { execFileSync } from "node:child_process";
import type { StackProject } from "./stack-project.ts";

/**
 * All of a stack's containers die at one moment, as where the machine loses its power, and those
 * come back that an engine starts with the machine.
 */
export function reboot({ stack }: StackProject): void {
  const filter = `label=com.docker.compose.project=${stack}`;
  const names = docker(["ps", "-a", "--format", "{{.Names}}", "--filter", filter]).toSorted();
  const format = "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}";
  const present = docker(["inspect", "--format", format, ...names]).map((line, index) => {
    const [running, restart] = line.split(" ");
    return { name: names[index] ?? "", runs: running === "true", restart };
  });
  const running = present.filter(({ runs }) => runs).map(({ name }) => name);
  if (running.length > 0) docker(["kill", ...running]);
  const returning = present.filter(
    ({ runs, restart }) => restart === "always" || (restart === "unless-stopped" && runs),
  );
  // An engine knows no order: the proxy comes before what it finds by name.
  const inTurn = returning.map(({ name }) => name).toReversed();
  if (inTurn.length > 0) docker(["start", ...inTurn]);
}

function docker(argv: readonly string[]): string[] {
  const text = execFileSync("docker", argv, { encoding: "utf8", stdio: "pipe" });
  return text.split("\n").filter((line) => line !== "");
}
