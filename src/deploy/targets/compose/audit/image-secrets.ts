import type { Docker } from "../docker.ts";
import type { StackConfig } from "../stack-config.ts";
import { refuseWeakSecrets } from "./refuse-weak-secrets.ts";
import { type WeakSecret, weakVariables } from "./stack-secrets.ts";

export interface ImageFacts {
  /** As whom it runs; empty: root. */
  user: string;
  /** Variables that a container has unless its service sets them. */
  variables: Record<string, string>;
}

/** As the engine writes them. */
export interface WrittenFacts {
  User?: string;
  Env?: string[] | null;
}

/** What an image says of itself; null where it is not here. */
export async function imageFacts(docker: Docker, image: string): Promise<ImageFacts | null> {
  const argv = ["image", "inspect", "--format", "{{json .Config}}", image];
  const { exitCode, stdout } = await docker.attempt(argv);
  return exitCode === 0 ? readFacts(JSON.parse(stdout) as WrittenFacts) : null;
}

export function readFacts({ User = "", Env }: WrittenFacts): ImageFacts {
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

/** @throws StudioError (exit 2) naming every place */
export function refuseImageSecrets(
  config: StackConfig,
  images: ReadonlyMap<string, ImageFacts>,
): void {
  refuseWeakSecrets(imageSecrets(config, images));
}
