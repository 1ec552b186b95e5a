import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes, reasonOf } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { OwnVolume, VolumesFound, VolumesGone } from "../../target.ts";
import type { Docker } from "./docker.ts";

/** What tells a stack's volumes from those of others. */
export interface VolumeScope {
  /** Of the stack's volumes and containers: `com.docker.compose.project=shop`. */
  label: string;
  /** What the release's files say of volumes, by the names that the engine knows them by. */
  declared: ReadonlyMap<string, { external: boolean; services: string[] }>;
}

interface Mounting {
  Config: { Labels: Record<string, string> | null };
  Mounts: { Type: string; Name?: string }[];
}

/** As the engine calls what nobody gave a name. */
const unnamed = /^[0-9a-f]{64}$/;

const serviceLabels = ["com.docker.compose.service", "com.docker.swarm.service.name"];

/**
 * The volumes on this engine that are a stack's own: made for it, and part of the release. Whatever
 * is only one of both stays.
 * @throws StudioError (exit 2) where others use one of them
 */
export async function findVolumes(
  docker: Docker,
  { label, declared }: VolumeScope,
): Promise<VolumesFound> {
  const [all, made, mounted] = await Promise.all([
    namesOf(docker, []),
    namesOf(docker, ["--filter", `label=${label}`]),
    unnamedVolumes(docker, label),
  ]);
  const present = new Set(all);
  const ours = new Set(made);
  const named = [...declared].filter(([name, { external }]) => !external && ours.has(name));
  const own = [...named.map(([name, { services }]) => [name, services] as const), ...mounted];
  for (const [name] of own) await refuseOthers(docker, name, label);
  const sizes = own.length === 0 ? new Map<string, string>() : await sizesOf(docker);
  return {
    own: own.map(
      ([name, services]): OwnVolume => ({ name, services, size: sizes.get(name) ?? null }),
    ),
    remarks: [
      ...[...declared].flatMap(([name, { external }]) => {
        if (!present.has(name) || (!external && ours.has(name))) return [];
        return [`${name} ${external ? "is external" : "was not made for this stack"}: it stays.`];
      }),
      ...made
        .filter((name) => !declared.has(name) && !unnamed.test(name))
        .map(
          (name) =>
            `${name} is not part of the release: it stays; \`docker volume rm ${name}\` removes it.`,
        ),
    ],
  };
}

async function namesOf(docker: Docker, filter: readonly string[]): Promise<string[]> {
  return lines(await docker.ask(["volume", "ls", "--format", "{{.Name}}", ...filter]));
}

/** Those that images ask for and the files do not name, with whose they are. */
async function unnamedVolumes(docker: Docker, label: string): Promise<[string, string[]][]> {
  const ids = lines(await docker.ask(["ps", "-aq", "--no-trunc", "--filter", `label=${label}`]));
  if (ids.length === 0) return [];
  const { stdout } = await docker.attempt(["container", "inspect", ...ids]);
  const found = new Map<string, string[]>();
  for (const { Config, Mounts } of JSON.parse(stdout || "[]") as Mounting[]) {
    const service = serviceLabels.map((one) => Config.Labels?.[one]).find(Boolean) ?? "";
    for (const { Type, Name = "" } of Mounts) {
      if (Type === "volume" && unnamed.test(Name)) found.set(Name, [service]);
    }
  }
  return [...found];
}

async function refuseOthers(docker: Docker, name: string, label: string): Promise<void> {
  const [key = "", value] = label.split("=");
  const format = `{{.Names}}\t{{.Label "${key}"}}\t{{.Label "com.docker.compose.oneoff"}}`;
  const users = lines(
    await docker.ask(["ps", "-a", "--filter", `volume=${name}`, "--format", format]),
  );
  const others = users.flatMap((line) => {
    const [container = "", stack, single] = line.split("\t");
    return stack === value && single !== "True" ? [] : [container];
  });
  if (others.length === 0) return;
  throw new StudioError({
    code: "volumes.shared",
    message: `The volume ${name} is also that of ${others.join(", ")}, which is no part of the stack. Nothing was changed.`,
    hint: `Remove ${others.length === 1 ? "that container" : "those containers"} first: docker rm -f ${others.join(" ")}`,
    exitCode: exitCodes.usage,
  });
}

/** In words, which are all that the engine tells; none where it takes too long. */
async function sizesOf(docker: Docker): Promise<Map<string, string>> {
  const argv = ["system", "df", "-v", "--format", "{{json .Volumes}}"];
  const { exitCode, stdout } = await docker.attempt(argv, { timeout: 20_000 });
  if (exitCode !== 0) return new Map();
  const volumes = JSON.parse(stdout || "[]") as { Name: string; Size: string }[] | null;
  return new Map(
    (volumes ?? []).flatMap(({ Name, Size }) => (/^\d/.test(Size) ? [[Name, Size]] : [])),
  );
}

/** Milliseconds: containers of a Swarm go some moments after their services. */
const patience = 30_000;

/** Removes volumes that nobody uses any more; says which it could not remove, and why. */
export async function removeVolumes(
  docker: Docker,
  run: StepRun,
  names: readonly string[],
): Promise<VolumesGone> {
  const present = new Set(await namesOf(docker, []));
  const left: VolumesGone["left"] = [];
  await run.effect("volumes", async (reach) => {
    for (const name of names.filter((one) => present.has(one))) {
      await untilUnused(docker, run, name);
      try {
        await docker.act(run, ["volume", "rm", name], { failing: `${name} was not removed` });
      } catch (error) {
        left.push({ name, reason: reasonOf(error) });
      }
      reach("volume-removed");
    }
  });
  const stays = new Set(left.map(({ name }) => name));
  return { removed: names.filter((name) => !stays.has(name)), left };
}

async function untilUnused(docker: Docker, run: StepRun, name: string): Promise<void> {
  const argv = ["ps", "-aq", "--filter", `volume=${name}`];
  for (const deadline = Date.now() + patience; Date.now() < deadline; await sleep(300)) {
    if ((await docker.ask(argv)).trim() === "") return;
    run.say(`waiting until nobody uses ${name}`);
  }
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
