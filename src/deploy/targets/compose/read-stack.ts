import { StudioError } from "../../../errors.ts";
import { formatDuration } from "../../../config/quantity.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import { liveMigrationFolders } from "../../project-folders.ts";
import type { Draft, Outline } from "../../release-keeper.ts";
import type { ComposeStack, StackGap, StackProxy } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import { labels } from "./colours.ts";
import { type Container, listContainers } from "./containers.ts";
import { refuseWeakSecrets, secretsToJudge } from "./audit/refuse-weak-secrets.ts";
import { hashDefinition } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { gapOf } from "./gap.ts";
import { remarksOnMounts } from "./mounted-state.ts";
import { refuseOtherFront } from "./refuse-other-front.ts";
import { refuseTaken } from "./refuse-taken.ts";
import { refuseShape } from "./refuse-shape.ts";
import { definitionHash } from "./render.ts";
import { type Roles, rolesOf } from "./roles.ts";
import { type StackConfig, proxyFolder, readStackConfig } from "./stack-config.ts";
import { switchedOf } from "./compose-release.ts";
import { tellFeatures } from "./tell-features.ts";

/** The operator's stack as it is written now. */
export interface StackDraft extends Draft {
  config: StackConfig;
  /** The project's. */
  directory: string;
}

/** Room for rendered files, migrations and the record; images are the engine's. */
const writtenBytes = 16 * 1024 * 1024;

/** @throws StudioError (exit 2) for files that Compose refuses, or that cannot be switched */
export async function readStack(docker: Docker, input: TargetInput): Promise<StackDraft> {
  const config = await readStackConfig(docker, input);
  const { settings } = input.project;
  const roles = rolesOf(config, settings);
  refuseShape(config, roles, proxyFolder(input), settings.compose.gap);
  const remarksOnSecrets = refuseWeakSecrets(
    secretsToJudge(config, input),
    settings.variables.tolerate,
  );
  const gap = gapOf(config, roles);
  const proxy = roles.proxy && { ...roles.proxy, directory: mountedAt(config, roles.proxy, input) };
  const containers = await listContainers(docker, config.name);
  const refusal =
    refuseTaken(input, config.name, containers) ??
    refuseOtherFront(input.paths, containers, { proxy });
  if (refusal !== null) throw new StudioError(refusal);
  const told = tellFeatures(config, roles.services, settings.features);
  return {
    parts: {
      target: "compose",
      compose: { ...describeStack(told, roles), proxy, gap },
      models: [],
    },
    remarks: [
      ...remarksOnGap(gap, settings.deploy.health.timeout),
      ...remarksOn(asAtHome(config, input.project.directory), roles, containers),
      ...remarksOnSecrets,
      ...(await remarksOnMounts(input, config)),
    ],
    bytes: writtenBytes,
    config: told,
    directory: input.project.directory,
  };
}

function describeStack(config: StackConfig, { services }: Roles): ComposeStack {
  return {
    project: config.name,
    definition: hashDefinition(config),
    services,
    proxy: null,
    images: {},
    rendered: {},
  };
}

/** The folder of generated files as the proxy sees it. */
function mountedAt(config: StackConfig, { service }: StackProxy, input: TargetInput): string {
  const folder = proxyFolder(input);
  const mounts = config.services[service]?.volumes ?? [];
  return mounts.find(({ source }) => source === folder)?.target ?? "";
}

/** The same for a plan. */
export async function outlineStack(docker: Docker, input: TargetInput): Promise<Outline> {
  const { parts, remarks, config } = await readStack(docker, input);
  if (parts.target !== "compose") throw new Error("a stack has parts of its own");
  const { services } = parts.compose;
  const shown = services.map(({ name, role }) => `${name} (${role})`).join(", ");
  const migrations = liveMigrationFolders(input).length;
  return {
    parts,
    code: `${config.name}: ${shown}; migrations of ${migrations === 1 ? "studio" : "studio and the project"}`,
    models: [],
    remarks,
  };
}

/** @param patience milliseconds that a release has to become healthy */
function remarksOnGap(gap: StackGap | null, patience: number): string[] {
  if (gap === null) return [];
  const { reasons, grace } = gap;
  return [
    `There will be a gap: ${reasons.join("; ")}. The release before is stopped (at most ${grace}), then the new one is started in its place (until it is healthy, at most ${formatDuration(patience)}). \`compose.gap: refuse\` refuses that.`,
  ];
}

/** A copy to look at has its files elsewhere than the stack that runs, and is no other for that. */
function asAtHome(config: StackConfig, directory: string): StackConfig {
  const home = homeOfCopy(directory);
  if (home === directory) return config;
  return JSON.parse(JSON.stringify(config).replaceAll(directory, home)) as StackConfig;
}

/** What a deploy cannot do without a gap. */
function remarksOn(config: StackConfig, roles: Roles, containers: readonly Container[]): string[] {
  const switched = new Set(switchedOf(roles.services));
  const remarks: string[] = [];
  for (const { name, role } of roles.services) {
    if (role === "switched") continue;
    const running = containers.find(({ service, running: runs }) => service === name && runs);
    if (running === undefined) continue;
    const now = definitionHash(config.services[name] ?? {}, switched);
    if (running.labels[labels.definition] === now) continue;
    remarks.push(`${name} changed: it is stopped before it is started again, which is a gap.`);
  }
  return remarks;
}
