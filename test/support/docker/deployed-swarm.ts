import { afterAll, beforeAll } from "vitest";
import { succeed } from "../kill-rounds.ts";
import { testImage } from "./images.ts";
import { type OwnSwarm, startOwnSwarm } from "./own-swarm.ts";
import { deploy } from "./stack-words.ts";
import { type SwarmOptions, type SwarmProject, createSwarmProject } from "./swarm-project.ts";

export interface DeployedSwarm extends SwarmProject {
  /** Its one node loses its power, with all that runs there, and comes back. */
  reboot(): Promise<void>;
}

/** A stack with a first release on a Swarm of one node, there for the tests of a suite. */
export function deployedSwarm(options: SwarmOptions = {}): DeployedSwarm {
  const project = {} as DeployedSwarm;
  let swarm: OwnSwarm | null = null;
  beforeAll(async () => {
    const own = await startOwnSwarm([testImage("app"), testImage("nginx")]);
    swarm = own;
    const reboot = () => own.reboot(0);
    Object.assign(project, await createSwarmProject(own, options), { reboot });
    await succeed(project, deploy);
  }, 600_000);
  afterAll(async () => {
    await project.remove?.();
    swarm?.remove();
  }, 60_000);
  return project;
}
