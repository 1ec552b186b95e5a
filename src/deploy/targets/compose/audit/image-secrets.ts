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
  const argv = ["image", "inspect", "--format", "{{json .Config}}", image];
  const { exitCode, stdout } = await docker.attempt(argv);
  if (exitCode !== 0) return null;
  const { User = "", Env } = JSON.parse(stdout) as { User?: string; Env?: string[] | null };
  const pairs = (Env ?? []).map((line) => {
    const end = line.indexOf("=");
    return [line.slice(0, end), line.slice(end + 1)];
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

/** @throws StudioError (exit 2) naming every place; only where images are here they can be asked */
export async function refuseImageSecrets(
  docker: Docker,
  config: StackConfig,
  images: Readonly<Record<string, StackImage>>,
): Promise<void> {
  const found = new Map<string, ImageFacts>();
  const asked = Object.entries(images).map(async ([name, { pinned }]) => {
    const facts = await imageFacts(docker, pinned);
    if (facts !== null) found.set(name, facts);
  });
  await Promise.all(asked);
  refuseDefaultSecrets(imageSecrets(config, found));
}
