import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fronts, placeFront } from "../support/docker/fronts.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { everyStep } from "../support/every.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { type StackProject, createStackProject } from "../support/docker/stack-project.ts";

const missing = noDocker();

/** Each is a folder in fixtures/, settings of `compose` in studio.yaml, and what is switched. */
const shapes: [string, string, string, string?][] = [
  ["with anchors and x- keys", "anchors", ""],
  ["that extends services of another file", "extends", "", "app"],
  ["that includes another file", "include", ""],
  ["with profiles", "profiles", "compose: { profiles: [production] }\n"],
  ["with conditions of its start, and a service that ends", "conditions", ""],
  ["with secrets and configs", "secrets", ""],
  ["with files of variables, and no variables of its own", "env-files", "", "web"],
  ["that is built", "build", ""],
  [
    "of two files that are merged, with two networks and replicas",
    "merged",
    "compose: { files: [compose.yaml, compose.production.yaml] }\n",
  ],
  ["on networks and volumes from outside", "external", ""],
  ["of one container on the host's network", "host-network", ""],
  ["of one container with a fixed name and a port", "one-container", ""],
];

/** Of the short form. */
const fewest = ["extends", "host-network"];

const chosen = shapes.filter(([, folder]) => everyStep || fewest.includes(folder));

describe.skipIf(missing !== null)(`a compose file${skipped(missing)}`, () => {
  // Most of the time is spent waiting for the engine.
  test.concurrent.each(chosen)(
    "%s is deployed and rolled back",
    async (_what, folder, more, service) => {
      const project = await createStackProject({ more });
      try {
        cpSync(join(import.meta.dirname, "fixtures", folder), project.directory, {
          recursive: true,
        });
        placeFront(project.directory, fronts.nginx, service);
        if (folder === "external") createOutside(project);
        const env = {
          APP_IMAGE: testImage("app"),
          NGINX_IMAGE: testImage("nginx"),
          COMPOSE_PROJECT_NAME: project.stack,
          PORT: String(project.port),
        };
        const first = await run(project, deploy, env);
        expect(await serving(project)).toBe(first);
        const second = await run(project, deploy, env);
        expect(await serving(project)).toBe(second);
        expect(second).not.toBe(first);
        expect(await run(project, rollback, env)).toBe(first);
        expect(await serving(project)).toBe(first);
      } finally {
        await project.remove();
      }
    },
    600_000,
  );
});

/** Labelled, so that they go with the project. */
function createOutside({ stack }: StackProject): void {
  const label = ["--label", `com.docker.compose.project=${stack}`];
  execFileSync("docker", ["network", "create", ...label, `${stack}-shared`]);
  execFileSync("docker", ["volume", "create", ...label, `${stack}-kept`]);
}

/** @returns the release that serves afterwards */
async function run(
  project: StackProject,
  argv: string[],
  env: Record<string, string>,
): Promise<string> {
  const { stdout, stderr, exitCode } = await project.studio([...argv, "--json"], env);
  expect(exitCode, stderr + stdout).toBe(0);
  return JSON.parse(stdout).result.release;
}
