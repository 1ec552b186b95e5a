import { createHash } from "node:crypto";
import { join } from "node:path";
import type { StackService } from "../../release.ts";
import { labels } from "../compose/colours.ts";
import { definitionHash } from "../compose/render.ts";
import { switchedOf } from "../compose/compose-release.ts";
import { awaitedServices } from "../compose/service-standing.ts";
import type { ServiceDefinition, StackConfig } from "../compose/stack-config.ts";
import type { ObjectKind, StackObject } from "./objects.ts";
import { renderService } from "./render-service.ts";
import { rolloutOf } from "./rollout.ts";
import { objectFile } from "./swarm-release.ts";

export interface RenderInput {
  config: StackConfig;
  services: readonly StackService[];
  /** What each service runs, by its name. */
  images: Readonly<Record<string, string>>;
  objects: readonly (StackObject & { name: string })[];
  /** Milliseconds. */
  monitor: number;
  release: string;
  environment: string;
  /** The project's folder: tells stacks of one name apart. */
  directory: string;
  /** Where the release is kept, with what its objects hold. */
  folder: string;
  withoutVirtualAddress: boolean;
}

/** A file for `docker stack deploy` with one service of a release, and all that it refers to. */
export interface RenderedService {
  version: string;
  services: Record<string, Record<string, unknown>>;
  secrets: Record<string, object>;
  [key: string]: unknown;
}

/**
 * A file for each service, complete: images pinned, secrets and configs by their content, nothing
 * left to be resolved. Each by itself, so that only what changed is given to Swarm: what it is given
 * once more, though the same, makes it forget what it would roll back to.
 */
export function renderStack(input: RenderInput): Record<string, RenderedService> {
  const awaited = awaitedServices(input.config);
  const switched = new Set(switchedOf(input.services));
  return Object.fromEntries(
    input.services.map((service) => [service.name, render(input, service, { awaited, switched })]),
  );
}

function render(
  input: RenderInput,
  { name, role, replicas, drain }: StackService,
  { awaited, switched }: { awaited: ReadonlySet<string>; switched: ReadonlySet<string> },
): RenderedService {
  const { config, images, monitor, release, environment, directory } = input;
  const definition = config.services[name] ?? {};
  const service = renderService({
    definition,
    role,
    replicas,
    image: images[name] ?? "",
    rollout: rolloutOf(definition, role, monitor),
    isAwaited: awaited.has(name),
    withoutVirtualAddress: input.withoutVirtualAddress,
  });
  const own = { [labels.environment]: environment, [labels.directory]: escaped(directory) };
  const changing = role === "switched" ? { [labels.release]: release } : {};
  const complete: Record<string, unknown> = {
    ...service,
    networks: service["networks"] ?? { default: null },
    ...(role === "switched"
      ? { environment: { ...(service["environment"] as object), STUDIO_RELEASE: release } }
      : {}),
    // Swarm's own ten seconds are few for what streams.
    ...(role === "switched" && drain > 0 && definition.stop_grace_period === undefined
      ? { stop_grace_period: `${drain}ms` }
      : {}),
    labels: {
      ...definition.labels,
      ...own,
      ...changing,
      [labels.service]: name,
      [labels.written]: definitionHash(definition, switched),
    },
  };
  const { deploy } = service as { deploy: Record<string, unknown> };
  const file = {
    version: "3.9",
    services: {
      [name]: {
        ...complete,
        deploy: { ...deploy, labels: { ...(deploy["labels"] as object), ...own } },
      },
    },
    networks: networksOf(config, complete["networks"] as Record<string, unknown>),
    volumes: volumesOf(config, definition),
    secrets: objectsOf("secrets", input, definition, own),
    configs: objectsOf("configs", input, definition, own),
  };
  return withDefinition(file, name);
}

/** Tells what a task was made from: all of the file but where objects lie, whose names tell them. */
function withDefinition(file: RenderedService, name: string): RenderedService {
  const text = JSON.stringify(file, (key, value: unknown) => (key === "file" ? undefined : value));
  const hash = createHash("sha256").update(text).digest("hex");
  const service = file.services[name] as { labels: Record<string, string> };
  const marked = { ...service, labels: { ...service.labels, [labels.definition]: hash } };
  return { ...file, services: { [name]: marked } };
}

export const definitionIn = (file: RenderedService, name: string): string =>
  (file.services[name] as { labels: Record<string, string> }).labels[labels.definition] ?? "";

/** A dollar would begin a variable. */
const escaped = (text: string): string => text.replaceAll("$", "$$$$");

interface Named {
  name?: string;
  external?: boolean;
  [key: string]: unknown;
}

function networksOf({ name: stack, networks }: StackConfig, used: Record<string, unknown>) {
  const written = (networks ?? {}) as Record<string, Named | null>;
  return Object.fromEntries(
    Object.keys(used).map((key) => {
      const { ipam, ...rest } = ownNamed(stack, key, written[key] ?? {});
      const empty = ipam === undefined || Object.keys(ipam as object).length === 0;
      return [key, empty ? rest : { ...rest, ipam }];
    }),
  );
}

function volumesOf({ name: stack, volumes }: StackConfig, definition: ServiceDefinition) {
  const written = (volumes ?? {}) as Record<string, Named | null>;
  const used = (definition.volumes ?? []).flatMap(({ type, source }) =>
    type === "volume" && source !== undefined ? [source] : [],
  );
  return Object.fromEntries(used.map((key) => [key, ownNamed(stack, key, written[key] ?? {})]));
}

/** Compose spells out the name that a stack gives by itself. */
function ownNamed(stack: string, key: string, { name, ...rest }: Named): Named {
  return name === undefined || name === `${stack}_${key}` ? rest : { name, ...rest };
}

/** As the file names those of a kind that a service uses. */
function objectsOf(
  kind: ObjectKind,
  { objects, folder }: RenderInput,
  definition: ServiceDefinition,
  labelled: Record<string, string>,
): Record<string, object> {
  const uses = (definition[kind] ?? []) as { source: string }[];
  const used = new Set(uses.map(({ source }) => source));
  const own = objects.filter((one) => one.kind === kind && used.has(one.key));
  const entries = own.map(({ key, name, content }): [string, object] => {
    if (content === null) return [key, { name, external: true }];
    const file = escaped(join(folder, objectFile(kind, key)));
    return [key, { name, file, labels: labelled }];
  });
  return Object.fromEntries(entries);
}
