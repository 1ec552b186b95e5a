import { afterAll, beforeAll } from "vitest";
import { succeed } from "../kill-rounds.ts";
import { testImage } from "./images.ts";
import { type OwnSwarm, startOwnSwarm } from "./own-swarm.ts";
import { deploy } from "./stack-words.ts";
import { type SwarmOptions, type SwarmProject, createSwarmProject } from "./swarm-project.ts";

/** A stack with a first release on a Swarm of one node, there for the tests of a suite. */
export function deployedSwarm(options: SwarmOptions = {}): SwarmProject {
  const project = {} as SwarmProject;
  let swarm: OwnSwarm | null = null;
  beforeAll(async () => {
    swarm = await startOwnSwarm([testImage("app"), testImage("nginx")]);
    Object.assign(project, await createSwarmProject(swarm, options));
    await succeed(project, deploy);
  }, 600_000);
  afterAll(async () => {
    await project.remove?.();
    swarm?.remove();
  }, 60_000);
  return project;
}
