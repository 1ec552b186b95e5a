import type { StepRun } from "../../../operation/step.ts";
import type { Container } from "./containers.ts";
import type { Docker } from "./docker.ts";
import type { ServiceDefinition } from "./stack-config.ts";

/** Policies by which an engine that starts also starts containers that were stopped before. */
const returning = /^(always|on-failure)(:|$)/;

/** The restart policy that Compose gives a service's containers, as `docker update` takes it. */
export function restartPolicyOf({ restart, deploy }: ServiceDefinition): string {
  const policy = deploy?.restart_policy;
  if (policy === undefined) return restart ?? "no";
  const { condition = "any", max_attempts: attempts = 0 } = policy;
  const name = { any: "always", none: "no" }[condition] ?? condition;
  return name === "on-failure" && attempts > 0 ? `${name}:${attempts}` : name;
}

/** A retired colour must not come back with the engine: called before it is stopped. */
export async function stayDown(
  docker: Docker,
  run: StepRun,
  containers: readonly Container[],
): Promise<void> {
  const ids = containers.filter((one) => returning.test(one.restart)).map(({ id }) => id);
  if (ids.length === 0) return;
  await run.effect("stay-down", () => docker.act(run, ["update", "--restart", "no", ...ids]));
}

/** Gives one that is to serve again the policy it was made with: called before it is started. */
export async function comeBack(
  docker: Docker,
  run: StepRun,
  containers: readonly Container[],
  services: Readonly<Record<string, ServiceDefinition>>,
): Promise<void> {
  for (const { id, service, restart } of containers) {
    const wanted = restartPolicyOf(services[service] ?? {});
    if (restart !== "no" || !returning.test(wanted)) continue;
    await run.effect("come-back", () => docker.act(run, ["update", "--restart", wanted, id]));
  }
}
