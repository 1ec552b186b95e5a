import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import { type SwarmRelease, readReleaseRecord, releaseFile } from "../../release.ts";
import { type SwarmService, listServices, releaseOf, stackLabel } from "./services.ts";
import { asSwarm, switchedServices } from "./swarm-release.ts";
import type { SwarmSite } from "./swarm-site.ts";

/**
 * Ends what makes a release; where another has taken its place, those services of it that the other
 * does not have. What holds data is left to the operator.
 */
export async function stop(site: SwarmSite, run: StepRun, release: SwarmRelease): Promise<void> {
  const { docker, input } = site;
  const services = await listServices(docker, release.swarm.name);
  const switched = new Set(switchedServices(release));
  const present = services.filter(({ name }) => switched.has(name));
  const serving = present.map(releaseOf).find((id) => id !== release.id) ?? null;
  const ended =
    serving === null || !existsSync(releaseFile(input.paths, serving))
      ? present.filter((one) => releaseOf(one) === release.id)
      : leftBy(release, asSwarm(readReleaseRecord(input.paths, serving)), services, run.note);
  if (ended.length === 0) return;
  const names = ended.map(({ name }) => name);
  await run.effect("remove", () =>
    docker.act(run, ["service", "rm", ...ended.map(({ id }) => id)], {
      failing: `${names.join(", ")} could not be ended`,
    }),
  );
  await awaitNoContainers(site, run, release, names);
}

function leftBy(
  release: SwarmRelease,
  serving: SwarmRelease,
  services: readonly SwarmService[],
  note: (text: string) => void,
): SwarmService[] {
  const needed = new Set(serving.swarm.services.map(({ name }) => name));
  const left = release.swarm.services.filter(({ name }) => !needed.has(name));
  return services.filter(({ name }) => {
    const role = left.find((one) => one.name === name)?.role;
    if (role === "stateful") {
      note(
        `${name} is no longer part of the stack, and holds data: it runs on. \`docker service rm ${release.swarm.name}_${name}\` ends it; its volumes stay.`,
      );
    }
    return role !== undefined && role !== "stateful";
  });
}

/** Ends every service of the stack, with its networks. Volumes stay. */
export async function takeDown(
  site: SwarmSite,
  run: StepRun,
  release: SwarmRelease,
): Promise<void> {
  const { docker } = site;
  const { name: stack } = release.swarm;
  await run.effect("down", async () => {
    if (await isLeft(site, stack)) {
      await docker.act(run, ["stack", "rm", stack], {
        failing: `The stack ${stack} could not be taken down`,
      });
    }
    await awaitNoContainers(site, run, release, null);
    // A stack that is deployed while its networks still go is given ones that are gone a moment later.
    await until(run, `the networks of ${stack} to go`, async () => !(await isLeft(site, stack)));
  });
}

async function isLeft({ docker }: SwarmSite, stack: string): Promise<boolean> {
  const filter = ["--filter", `label=${stackLabel}=${stack}`];
  const kinds = ["service", "network", "secret", "config"];
  // An engine that does not answer is no sign that nothing is left.
  const lists = kinds.map((kind) => docker.ask([kind, "ls", "-q", ...filter]));
  return (await Promise.all(lists)).some((list) => list.trim() !== "");
}

/** Swarm says that services are gone before their containers on this node are. */
async function awaitNoContainers(
  { docker }: SwarmSite,
  run: StepRun,
  { swarm: { name: stack } }: SwarmRelease,
  names: readonly string[] | null,
): Promise<void> {
  const filters = (names ?? [null]).map((name) =>
    name === null
      ? `label=${stackLabel}=${stack}`
      : `label=com.docker.swarm.service.name=${stack}_${name}`,
  );
  await until(run, `the containers of ${stack} to end`, async () => {
    const lists = filters.map((one) => docker.ask(["ps", "-q", "--filter", one]));
    return (await Promise.all(lists)).every((list) => list.trim() === "");
  });
}

/** Milliseconds: longer than any usual grace period. */
const patience = 120_000;

async function until(run: StepRun, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await isSo())) {
    if (Date.now() > deadline) {
      throw new StudioError({
        code: "swarm.lingers",
        message: `Waited ${patience / 1000} s for ${what}, in vain.`,
        hint: "`docker ps` and `docker network ls` show what is left; then this again.",
        exitCode: exitCodes.undone,
      });
    }
    run.say(`waiting for ${what}`);
    await sleep(300, undefined, { signal: run.signal });
  }
}
