import type { StackImage } from "../../../release.ts";
import type { Docker } from "../docker.ts";
import type { StackConfig } from "../stack-config.ts";
import { refuseDefaultSecrets } from "./refuse-default-secrets.ts";
import { type WeakSecret, weakVariables } from "./stack-secrets.ts";

export interface ImageFacts {
  /** As whom it runs; empty: root. */
  user: string;
  /** Variables that a container has unless its service sets them. */
  variables: Record<string, string>;
}

/** What an image says of itself; null where it is not here. */
export async function imageFacts(docker: Docker, image: string): Promise<ImageFacts | null> {
  const [facts] = (await askImages(docker, [image])) ?? [];
  return facts ?? null;
}

/** In the order of the images; null where one of them is not here. */
async function askImages(docker: Docker, images: readonly string[]): Promise<ImageFacts[] | null> {
  if (images.length === 0) return [];
  const argv = ["image", "inspect", "--format", "{{json .Config}}", ...images];
  const { exitCode, stdout } = await docker.attempt(argv);
  if (exitCode !== 0) return null;
  return stdout.trim().split("\n").map(readFacts);
}

function readFacts(line: string): ImageFacts {
  const { User = "", Env } = JSON.parse(line) as { User?: string; Env?: string[] | null };
  const pairs = (Env ?? []).map((variable) => {
    const end = variable.indexOf("=");
    return [variable.slice(0, end), variable.slice(end + 1)];
  });
  return { user: User, variables: Object.fromEntries(pairs) as Record<string, string> };
}

/** Defaults that a Dockerfile set, and that no service sets anew. */
export function imageSecrets(
  { services }: StackConfig,
  images: ReadonlyMap<string, ImageFacts>,
): WeakSecret[] {
  return [...images].flatMap(([name, { variables }]) => {
    const set = services[name]?.environment ?? {};
    const left = Object.entries(variables).filter(([one]) => (set[one] ?? null) === null);
    return weakVariables(`${name}.image`, Object.fromEntries(left)).filter(
      ({ weakness }) => weakness === "default",
    );
  });
}

/**
 * @param images that were pinned, and so are here
 * @throws StudioError (exit 2) naming every place
 */
export async function refuseImageSecrets(
  docker: Docker,
  config: StackConfig,
  images: Readonly<Record<string, StackImage>>,
): Promise<void> {
  const pinned = Object.values(images).map((image) => image.pinned);
  const facts = (await askImages(docker, pinned)) ?? [];
  const found = Object.keys(images).flatMap((name, index): [string, ImageFacts][] => {
    const own = facts[index];
    return own === undefined ? [] : [[name, own]];
  });
  refuseDefaultSecrets(imageSecrets(config, new Map(found)));
}
