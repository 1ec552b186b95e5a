import type { AuditPoint, CertificateState } from "../../../target.ts";
import type { TargetInput } from "../../target-input.ts";
import { labels } from "../colours.ts";
import { listContainers } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { rolesOf } from "../roles.ts";
import { type StackConfig, readStackConfig } from "../stack-config.ts";
import { certificatePoints } from "./certificates.ts";
import { exposure, frontOf } from "./exposure.ts";
import { pointOf } from "./point.ts";
import { privileges } from "./privileges.ts";
import { type ImageFacts, imageFacts, imageSecrets } from "./image-secrets.ts";
import { partition, placesOf, secretsToJudge } from "./refuse-weak-secrets.ts";
import type { WeakSecret } from "./stack-secrets.ts";
import { type EngineFacts, upkeep } from "./upkeep.ts";

/**
 * The security checklist of a stack as it is written now.
 * @throws StudioError where Compose refuses the files, or no service can be told to be the switched
 */
export async function auditStack(docker: Docker, input: TargetInput): Promise<AuditPoint[]> {
  return auditConfig(docker, input, await readStackConfig(docker, input));
}

/** The same of files that were read already. */
export async function auditConfig(
  docker: Docker,
  input: TargetInput,
  config: StackConfig,
): Promise<AuditPoint[]> {
  const { settings } = input.project;
  const roles = rolesOf(config, settings);
  const images = await imagesHere(docker, config);
  return [
    ...secretPoints(
      [...secretsToJudge(config, input), ...imageSecrets(config, images)],
      settings.variables.tolerate,
    ),
    ...exposure(config, roles, settings),
    ...certificatePoints(await frontCertificates(docker, config, frontOf(roles), settings.domains)),
    ...privileges(config, usersOf(images)),
    ...upkeep(config, await engineFacts(docker)),
  ];
}

function secretPoints(weak: readonly WeakSecret[], tolerated: readonly string[]): AuditPoint[] {
  const [accepted, guessed] = partition(placesOf(weak, "weak"), tolerated);
  return [
    pointOf(
      {
        title: "No secret is a known default",
        good: "none is",
        state: "wrong",
        fix: "Set each to what `openssl rand -hex 32` writes; a deploy is refused until then.",
      },
      [
        ...placesOf(weak, "default"),
        ...placesOf(weak, "empty").map((place) => `${place} is empty`),
      ],
    ),
    pointOf(
      {
        title: "Secrets are hard to guess",
        good: "as far as can be told",
        state: "wrong",
        fix: "Set each to what `openssl rand -hex 32` writes; a deploy is refused until then.",
      },
      guessed,
    ),
    pointOf(
      {
        title: "No secret that is easy to guess is tolerated",
        good: "none is",
        state: "note",
        fix: "Set each to what `openssl rand -hex 32` writes, and take it out of `variables.tolerate`.",
      },
      accepted,
    ),
  ];
}

/** What each service's image says, where it is here. */
async function imagesHere(docker: Docker, config: StackConfig): Promise<Map<string, ImageFacts>> {
  const found = new Map<string, ImageFacts>();
  for (const [name, { image = "" }] of Object.entries(config.services)) {
    const facts = image === "" ? null : await imageFacts(docker, image);
    if (facts !== null) found.set(name, facts);
  }
  return found;
}

const usersOf = (images: ReadonlyMap<string, ImageFacts>): Map<string, string> =>
  new Map([...images].map(([name, { user }]) => [name, user]));

/** A port that shows none is told of where something runs behind it. */
async function frontCertificates(
  docker: Docker,
  { name: project, services }: StackConfig,
  front: readonly string[],
  domains: readonly string[],
): Promise<CertificateState[]> {
  const { certificatesOf } = await import("../certificates/stack-certificates.ts");
  const containers = await listContainers(docker, project);
  const runs = containers.some(
    ({ running, service, labels: own }) =>
      running && front.includes(own[labels.service] ?? service),
  );
  const all = front.map((name) => certificatesOf(services[name] ?? {}, domains, new Date()));
  return (await Promise.all(all)).flat().filter(({ met, until }) => runs || !met || until !== null);
}

async function engineFacts(docker: Docker): Promise<EngineFacts> {
  const format = "{{.LoggingDriver}} {{.LiveRestoreEnabled}}";
  const { exitCode, stdout } = await docker.attempt(["info", "--format", format]);
  const [driver = "", liveRestore] = exitCode === 0 ? stdout.trim().split(" ") : [];
  return { loggingDriver: driver || "json-file", liveRestore: liveRestore === "true" };
}
