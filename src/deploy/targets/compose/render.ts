import { createHash } from "node:crypto";
import { probeVariable } from "../../../deploy-probe.ts";
import type { StackImage, StackService } from "../../release.ts";
import { type Colour, labels } from "./colours.ts";
import type { ServiceDefinition, StackConfig } from "./stack-config.ts";
import { switchedOf } from "./compose-release.ts";

export interface RenderInput {
  config: StackConfig;
  services: readonly StackService[];
  images: Readonly<Record<string, StackImage>>;
  release: string;
  environment: string;
  /** Secret: what the deploy's load test asks the release with. */
  probeToken: string;
  /** The project's folder: tells stacks of one name apart. */
  directory: string;
}

/** The name under which the proxy finds a colour, alone on any network. */
export const colourAlias = (project: string, service: string, colour: Colour): string =>
  `${project}-${service}-${colour}`;

export const colourService = (service: string, colour: Colour): string => `${service}-${colour}`;

/**
 * A complete Compose file of a release in one colour: every service of the operator's files, the
 * switched ones under the colour's name, all images pinned. Nothing in it is left to be resolved.
 */
export function renderStack(input: RenderInput, colour: Colour): StackConfig {
  const { config, services } = input;
  const switched = new Set(switchedOf(services));
  const rendered: Record<string, ServiceDefinition> = {};
  for (const { name } of services) {
    const definition = prepared(input, name, switched);
    if (switched.has(name)) {
      rendered[colourService(name, colour)] = coloured(input, name, definition, colour);
    } else {
      rendered[name] = marked(input, config.services[name] ?? {}, definition, switched);
    }
  }
  return { ...config, services: rendered };
}

/** Without what is decided already: profiles, where the image comes from, the order of the start. */
function prepared(
  { config, images }: RenderInput,
  name: string,
  switched: ReadonlySet<string>,
): ServiceDefinition {
  const {
    build: _build,
    profiles: _profiles,
    pull_policy: _policy,
    depends_on,
    environment,
    ...rest
  } = config.services[name] ?? {};
  const needed = Object.entries(depends_on ?? {}).filter(([other]) => !switched.has(other));
  return {
    ...rest,
    image: images[name]?.pinned ?? rest.image ?? "",
    ...(environment === undefined ? {} : { environment: withoutUnset(environment) }),
    ...(needed.length === 0 ? {} : { depends_on: Object.fromEntries(needed) }),
  };
}

/** A variable that is passed on, and was not set: whoever types `up` later must not set it. */
function withoutUnset(environment: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== null));
}

function coloured(
  { config, release, environment, directory, probeToken }: RenderInput,
  name: string,
  definition: ServiceDefinition,
  colour: Colour,
): ServiceDefinition {
  const aliases = [name, colourAlias(config.name, name, colour)];
  const networks = Object.entries(definition.networks ?? { default: null }).map(([key, one]) => [
    key,
    { ...one, aliases: [...(one?.aliases ?? []), ...aliases] },
  ]);
  // Compose refuses both: a service on the network of the host, or of another, has none of its own.
  const ownNetworks = definition.network_mode === undefined;
  return {
    ...definition,
    ...(ownNetworks ? { networks: Object.fromEntries(networks) } : {}),
    environment: {
      ...definition.environment,
      STUDIO_RELEASE: release,
      STUDIO_COLOUR: colour,
      [probeVariable]: probeToken,
    },
    labels: {
      ...definition.labels,
      [labels.service]: name,
      [labels.release]: release,
      [labels.colour]: colour,
      [labels.environment]: environment,
      [labels.directory]: directory,
    },
  };
}

function marked(
  { environment, directory }: RenderInput,
  written: ServiceDefinition,
  definition: ServiceDefinition,
  switched: ReadonlySet<string>,
): ServiceDefinition {
  return {
    ...definition,
    labels: {
      ...definition.labels,
      [labels.environment]: environment,
      [labels.directory]: directory,
      [labels.definition]: definitionHash(written, switched),
    },
  };
}

/**
 * Tells whether a service was changed by the operator: of its definition as it was written, so that
 * a tag that moved in its registry restarts no database.
 */
export function definitionHash(
  { depends_on, profiles: _profiles, ...written }: ServiceDefinition,
  switched: ReadonlySet<string>,
): string {
  const needed = Object.entries(depends_on ?? {}).filter(([other]) => !switched.has(other));
  return createHash("sha256")
    .update(JSON.stringify([written, needed]))
    .digest("hex");
}
