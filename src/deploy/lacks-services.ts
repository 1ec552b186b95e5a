import type { ReleaseRecord } from "./release.ts";
import type { ServiceState, Target } from "./target.ts";

/** Whether something does not run that a release needs. What is to end and ended well is not lacking. */
export async function lacksServices(
  target: Pick<Target, "services">,
  release: ReleaseRecord,
): Promise<boolean> {
  const services = await target.services(release);
  return services.some(
    ({ role, state }) =>
      role !== "switched" && state !== "running" && !(role === "plain" && state === "exited (0)"),
  );
}

/** Those that run of what a release stands on, whoever started them. */
export async function runningServices(
  target: Pick<Target, "services">,
  release: ReleaseRecord,
): Promise<string[]> {
  const runs = ({ role, state }: ServiceState) => role !== "switched" && state === "running";
  const names = (await target.services(release)).filter(runs).map(({ name }) => name);
  return [...new Set(names)];
}
