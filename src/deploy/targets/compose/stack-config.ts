import { basename, join } from "node:path";
import { tellSecretVariables } from "../../../config/secret-variables.ts";
import { StudioError, exitCodes } from "../../../errors.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import type { TargetInput } from "../target-input.ts";
import type { Docker } from "./docker.ts";

export interface PortMapping {
  target: number;
  /** A port or a range; absent: any free one. */
  published?: string;
  host_ip?: string;
  protocol?: string;
  /** Of a Swarm: on the nodes of its tasks alone, or on each. */
  mode?: string;
}

/** How a Swarm replaces the tasks of a service. */
export interface UpdateConfig {
  parallelism?: number;
  delay?: string;
  failure_action?: string;
  monitor?: string;
  max_failure_ratio?: number;
  order?: string;
}

/** What studio reads of a service as Compose resolved it; the rest is passed on as it is. */
export interface ServiceDefinition {
  image?: string;
  build?: unknown;
  pull_policy?: string;
  ports?: PortMapping[];
  expose?: string[];
  labels?: Record<string, string>;
  environment?: Record<string, string | null>;
  container_name?: string;
  network_mode?: string;
  networks?: Record<string, { aliases?: string[]; ipv4_address?: string } | null>;
  volumes?: { type: string; source?: string; target: string; read_only?: boolean }[];
  healthcheck?: { disable?: boolean; [key: string]: unknown };
  depends_on?: Record<string, { condition?: string }>;
  deploy?: {
    mode?: string;
    replicas?: number;
    labels?: Record<string, string>;
    endpoint_mode?: string;
    update_config?: UpdateConfig;
    rollback_config?: UpdateConfig;
    placement?: { constraints?: string[] };
    resources?: { limits?: Record<string, unknown>; reservations?: Record<string, unknown> };
    restart_policy?: { condition?: string; max_attempts?: number; [key: string]: unknown };
  };
  mem_limit?: unknown;
  user?: string;
  privileged?: boolean;
  cap_add?: string[];
  security_opt?: string[];
  pid?: string;
  ipc?: string;
  logging?: { driver?: string; options?: Record<string, string> };
  scale?: number;
  restart?: string;
  stop_grace_period?: string;
  profiles?: string[];
  [key: string]: unknown;
}

export interface StackConfig {
  /** The Compose project's name. */
  name: string;
  services: Record<string, ServiceDefinition>;
  [key: string]: unknown;
}

/** Where the proxy's generated configuration lies on this machine. */
export const proxyFolder = (input: TargetInput): string =>
  join(input.paths.root, "proxy", input.project.environment);

/** What Compose is given: the project's variables, and where the proxy's configuration lies. */
export function composeVariables(input: TargetInput): Record<string, string | undefined> {
  return { ...input.variables, STUDIO_PROXY_DIRECTORY: proxyFolder(input) };
}

/** `docker compose` with the operator's files and profiles. */
export function operatorFiles({ project }: TargetInput): string[] {
  const { files, profiles } = project.settings.compose;
  return [
    "compose",
    "--project-directory",
    project.directory,
    ...files.flatMap((file) => ["-f", file]),
    ...profiles.flatMap((profile) => ["--profile", profile]),
  ];
}

/**
 * The operator's files with extends, include, anchors, profiles and variables resolved by Compose.
 * @throws StudioError (exit 2) where Compose refuses them
 */
export async function readStackConfig(docker: Docker, input: TargetInput): Promise<StackConfig> {
  const argv = [...operatorFiles(input), "config", "--format", "json"];
  const { exitCode, stdout, stderr } = await docker.attempt(argv);
  if (exitCode !== 0) {
    // Asked once more where that tells a missing engine from a file that is wrong.
    await docker.ask(["compose", "version"]);
    throw new StudioError({
      code: "compose.invalid",
      message: `Compose refuses ${input.project.settings.compose.files.join(", ")}: ${stderr.trim().split("\n").at(-1) ?? ""}`,
      hint: "`docker compose config` shows the place; the files are named by compose.files of studio.yaml.",
      exitCode: exitCodes.usage,
    });
  }
  const config = JSON.parse(asNamedAtHome(stdout, input.project.directory)) as StackConfig;
  maskStack(config, input.onSecret);
  return config;
}

/** A stack without a name of its own has that of its folder; a copy of it to look at is no other. */
function asNamedAtHome(text: string, directory: string): string {
  const home = homeOfCopy(directory);
  return home === directory ? text : text.replaceAll(stackNameOf(directory), stackNameOf(home));
}

/** As Compose makes it of a folder. */
const stackNameOf = (directory: string): string =>
  basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");

/** What docker says, or a container writes, may repeat what it was given. */
export function maskStack(
  { services }: Pick<StackConfig, "services">,
  onSecret: (value: string) => void,
): void {
  for (const { environment } of Object.values(services ?? {})) {
    // In a Compose file a dollar is written twice.
    tellSecretVariables(environment ?? {}, (value) => onSecret(value.replaceAll("$$", "$")));
  }
}
