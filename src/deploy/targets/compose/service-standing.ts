import type { Container } from "./containers.ts";
import type { StackConfig } from "./stack-config.ts";

/** `ready`: others may rely on it; `waiting`: not yet; else why it never will be. */
export type Standing = "ready" | "waiting" | { problem: string };

/** How often a container may have been started again before it counts as one that cannot run. */
const patience = 3;

/** Names of the services that others wait for the end of. */
export function awaitedServices({ services }: StackConfig): Set<string> {
  const awaited = Object.values(services).flatMap(({ depends_on = {} }) =>
    Object.entries(depends_on).flatMap(([name, { condition }]) =>
      condition === "service_completed_successfully" ? [name] : [],
    ),
  );
  return new Set(awaited);
}

/**
 * Whether a container is what its service is meant to be: healthy, or running where it has no
 * health check, or ended well where its end is awaited. One that ended well although nobody awaits
 * it has done its work too, unless a health check says that it was to stay.
 */
export function standingOf(container: Container, endIsAwaited: boolean): Standing {
  const { service, status, exitCode, health, restarts } = container;
  if (status === "exited" || status === "dead") {
    const mayEnd = endIsAwaited || health === null;
    if (exitCode === 0 && mayEnd) return "ready";
    return { problem: `${service} ended with exit code ${exitCode}` };
  }
  if (status === "restarting" && restarts >= patience) {
    return { problem: `${service} ends again and again, the last time with exit code ${exitCode}` };
  }
  if (!container.running || endIsAwaited) return "waiting";
  if (health === "unhealthy") return { problem: `${service} is unhealthy` };
  return health === "starting" ? "waiting" : "ready";
}
