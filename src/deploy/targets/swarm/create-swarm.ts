import type { Target, TargetView } from "../../target.ts";
import { createDocker } from "../compose/docker.ts";
import { composeVariables } from "../compose/stack-config.ts";
import type { TargetInput } from "../target-input.ts";
import type { SwarmSite } from "./swarm-site.ts";
import { createSwarmTarget } from "./swarm-target.ts";
import { createSwarmView } from "./swarm-view.ts";

/** Nothing is asked of Docker yet: it may not be there, as inside a container of the stack. */
export const swarmView = (input: TargetInput): TargetView => createSwarmView(siteOf(input));

export const swarmTarget = (input: TargetInput): Target => createSwarmTarget(siteOf(input));

function siteOf(input: TargetInput): SwarmSite {
  const docker = createDocker({ cwd: input.project.directory, env: composeVariables(input) });
  return { input, docker };
}
