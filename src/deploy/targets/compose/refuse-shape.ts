import type { Settings } from "../../../config/schema.ts";
import { type Obstacle, obstaclesOf, refuseObstacles } from "./gap.ts";
import { mountAdvice } from "./proxies/mount-advice.ts";
import type { Roles } from "./roles.ts";
import type { StackConfig } from "./stack-config.ts";

/**
 * A stack that nobody could be switched in; and, where the operator wants no gap (`compose.gap`),
 * one of which two releases cannot be there at once.
 * @throws StudioError (exit 2) naming every line to change
 */
export function refuseShape(
  config: StackConfig,
  roles: Roles,
  proxyFolder: string,
  gap: Settings["compose"]["gap"],
): void {
  const unwanted = gap === "refuse" ? obstaclesOf(config, roles) : [];
  refuseObstacles([...unwanted, ...proxyProblems(config, roles, proxyFolder)]);
}

function proxyProblems(config: StackConfig, { proxy }: Roles, folder: string): Obstacle[] {
  if (proxy === null) return [];
  const { service, url } = proxy;
  const problems: Obstacle[] = [];
  const mounts = config.services[service]?.volumes ?? [];
  if (!mounts.some(({ type, source }) => type === "bind" && source === folder)) {
    problems.push({
      why: `${service} does not read the folder that studio writes its upstreams into`,
      change: mountAdvice(proxy),
    });
  }
  if (url === "") {
    problems.push({
      why: `${service} publishes no port with a number, so nobody could be served`,
      change: `Add services.${service}.ports.`,
    });
  }
  return problems;
}
