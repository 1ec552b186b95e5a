import { featureVariables } from "../../../config/feature-variables.ts";
import type { StackService } from "../../release.ts";
import { switchedOf } from "./compose-release.ts";
import type { StackConfig } from "./stack-config.ts";

/**
 * A stack whose switched services are told the flags of `features`. Those alone: each release starts
 * them anew, while a changed flag would stop what holds data.
 */
export function tellFeatures(
  config: StackConfig,
  services: readonly Pick<StackService, "name" | "role">[],
  features: Readonly<Record<string, boolean>>,
): StackConfig {
  const variables = featureVariables(features);
  if (Object.keys(variables).length === 0) return config;
  const told = switchedOf(services).map((name) => {
    const definition = config.services[name] ?? {};
    return [name, { ...definition, environment: { ...definition.environment, ...variables } }];
  });
  return { ...config, services: { ...config.services, ...Object.fromEntries(told) } };
}
