import type { Docker } from "../compose/docker.ts";
import type { StackConfig } from "../compose/stack-config.ts";

/** What an image that is here says of itself. */
export interface ImageTraits {
  /** It has a health check of its own. */
  checked: boolean;
  /** A registry knows it, by a digest. */
  fromRegistry: boolean;
}

interface Inspected {
  digests: string[] | null;
  config: { Healthcheck?: { Test?: string[] } } | null;
}

/** Null where it is not here. */
export async function imageTraits(docker: Docker, image: string): Promise<ImageTraits | null> {
  const format = '{"digests":{{json .RepoDigests}},"config":{{json .Config}}}';
  const argv = ["image", "inspect", "--format", format, image];
  const { exitCode, stdout } = await docker.attempt(argv);
  if (exitCode !== 0) return null;
  const { digests, config } = JSON.parse(stdout) as Inspected;
  const test = config?.Healthcheck?.Test?.[0];
  return {
    checked: test !== undefined && test !== "NONE",
    fromRegistry: (digests ?? []).length > 0,
  };
}

/** Of each service whose image is here; one that is built has none yet. */
export async function imagesHere(
  docker: Docker,
  { services }: StackConfig,
): Promise<Map<string, ImageTraits>> {
  const found = new Map<string, ImageTraits>();
  for (const [name, { image = "", build }] of Object.entries(services)) {
    const traits = image === "" || build !== undefined ? null : await imageTraits(docker, image);
    if (traits !== null) found.set(name, traits);
  }
  return found;
}
