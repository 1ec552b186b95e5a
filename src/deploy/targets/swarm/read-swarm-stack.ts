import { formatDuration } from "../../../config/quantity.ts";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { Draft, Outline } from "../../release-keeper.ts";
import type { StackService } from "../../release.ts";
import { liveMigrationFolders } from "../../project-folders.ts";
import { refuseWeakSecrets, secretsToJudge } from "../compose/audit/refuse-weak-secrets.ts";
import { labels } from "../compose/colours.ts";
import { switchedOf } from "../compose/compose-release.ts";
import { hashDefinition } from "../compose/definition.ts";
import type { Docker } from "../compose/docker.ts";
import { definitionHash } from "../compose/render.ts";
import { type Roles, rolesOf } from "../compose/roles.ts";
import {
  type StackConfig,
  composeVariables,
  proxyFolder,
  readStackConfig,
} from "../compose/stack-config.ts";
import { tellFeatures } from "../compose/tell-features.ts";
import type { TargetInput } from "../target-input.ts";
import { frontOf } from "./front.ts";
import { imagesHere } from "./image-traits.ts";
import { type StackObject, maskObject, readObjects } from "./objects.ts";
import { type Shape, obstaclesOf } from "./obstacles.ts";
import { remarksOnShape } from "./remarks.ts";
import { rolloutOf } from "./rollout.ts";
import { type SwarmService, listServices } from "./services.ts";
import { type SwarmFacts, readSwarmFacts, requireManager } from "./swarm-facts.ts";

/** The operator's stack as it is written now. */
export interface SwarmDraft extends Draft {
  config: StackConfig;
  objects: StackObject[];
  facts: SwarmFacts;
}

/** Room for rendered files, migrations and the record; images are the engine's. */
const writtenBytes = 16 * 1024 * 1024;

/**
 * @throws StudioError (exit 2) for files that Compose refuses, or that Swarm cannot run; exit 8 where
 *   the engine is no manager of a Swarm
 */
export async function readSwarmStack(docker: Docker, input: TargetInput): Promise<SwarmDraft> {
  const config = await readStackConfig(docker, input);
  const facts = await readSwarmFacts(docker);
  requireManager(facts);
  const shape = await readShape(docker, input, config, facts);
  refuseShape(shape);
  const remarksOnSecrets = refuseWeakSecrets(
    secretsToJudge(config, input),
    input.project.settings.variables.tolerate,
  );
  const objects = readObjects(config, composeVariables(input));
  for (const one of objects) maskObject(one, input.onSecret);
  const running = await listServices(docker, config.name);
  const { swarm, features } = input.project.settings;
  const { monitor } = swarm;
  const { services } = shape;
  const told = tellFeatures(config, services, features);
  return {
    parts: {
      target: "swarm",
      swarm: {
        name: config.name,
        definition: hashDefinition(definedBy(told, objects)),
        services: [...services],
        front: frontOf(config, services, facts.address),
        monitor,
        images: {},
        rendered: {},
        objects: [],
      },
      models: [],
    },
    remarks: [
      ...remarksOnShape(shape, monitor),
      ...remarksOnGaps(config, services, running),
      ...remarksOnSecrets,
    ],
    bytes: writtenBytes,
    config: told,
    objects,
    facts,
  };
}

/** All that makes a release another one, as far as it lies in the project. */
export const definedBy = (config: StackConfig, objects: readonly StackObject[]) => [
  config,
  objects.map(({ kind, key, content }) => [kind, key, content?.toString("base64") ?? null]),
];

/** What a stack is judged by, whether it can be deployed or not. */
export async function readShape(
  docker: Docker,
  input: TargetInput,
  config: StackConfig,
  facts: SwarmFacts,
): Promise<Shape> {
  const { settings } = input.project;
  const roles = rolesOf(config, settings);
  return {
    config,
    services: withReplicas(config, roles, settings.swarm.replicas),
    facts,
    images: await imagesHere(docker, config),
    proxyFolder: proxyFolder(input),
  };
}

/** Of the services that make the release there are several, unless the operator wrote a number. */
function withReplicas(config: StackConfig, { services }: Roles, replicas: number): StackService[] {
  return services.map((one) => {
    const { deploy, scale } = config.services[one.name] ?? {};
    const written = deploy?.replicas ?? scale;
    return one.role === "switched" && written === undefined ? { ...one, replicas } : one;
  });
}

/** @throws StudioError (exit 2) naming every line to change */
function refuseShape(shape: Shape): void {
  const obstacles = obstaclesOf(shape);
  if (obstacles.length === 0) return;
  throw new StudioError({
    code: "swarm.shape",
    message: `Swarm cannot run these services as they are written: ${obstacles.map(({ why }) => why).join("; ")}.`,
    hint: obstacles.map(({ change }) => change).join(" "),
    exitCode: exitCodes.usage,
    details: obstacles,
  });
}

/** Services that end before they start again, because they changed. */
function remarksOnGaps(
  config: StackConfig,
  services: readonly StackService[],
  running: readonly SwarmService[],
): string[] {
  const switched = new Set(switchedOf(services));
  return services.flatMap(({ name, role }) => {
    const definition = config.services[name] ?? {};
    const present = running.find((one) => one.name === name);
    if (present === undefined || rolloutOf(definition, role, 0).order === "start-first") return [];
    if (role === "switched") {
      return [`${name} ends task by task before it starts again (stop-first), as it is written.`];
    }
    if (present.labels[labels.written] === definitionHash(definition, switched)) return [];
    return [`${name} changed: it is stopped before it is started again, which is a gap.`];
  });
}

/** The same for a plan. */
export async function outlineSwarmStack(docker: Docker, input: TargetInput): Promise<Outline> {
  const { parts, remarks, config, facts } = await readSwarmStack(docker, input);
  if (parts.target !== "swarm") throw new Error("a stack has parts of its own");
  const { services, monitor } = parts.swarm;
  const shown = services
    .map(({ name, role, replicas }) => `${name} (${role}${replicas === 1 ? "" : `, ${replicas}`})`)
    .join(", ");
  const migrations = liveMigrationFolders(input).length;
  const nodes = facts.nodes.length === 1 ? "1 node" : `${facts.nodes.length} nodes`;
  return {
    parts,
    code: `${config.name} on a Swarm of ${nodes}: ${shown}; each task is looked at for ${formatDuration(monitor)}; migrations of ${migrations === 1 ? "studio" : "studio and the project"}`,
    models: [],
    remarks,
  };
}
