import { afterAll, beforeAll } from "vitest";
import { succeed } from "../kill-rounds.ts";
import { type StackOptions, type StackProject, createStackProject } from "./stack-project.ts";
import { deploy } from "./stack-words.ts";

/** A stack with a first release, there for the tests of a suite and removed after them. */
export function deployedStack(options: StackOptions = {}): StackProject {
  const project = {} as StackProject;
  beforeAll(async () => {
    Object.assign(project, await createStackProject(options));
    await succeed(project, deploy);
  }, 600_000);
  afterAll(async () => {
    await project.remove?.();
  }, 60_000);
  return project;
}
