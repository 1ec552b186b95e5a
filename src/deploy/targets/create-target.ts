import type { Target } from "../target.ts";
import { unknownTarget } from "./create-target-view.ts";
import { createLocalTarget } from "./local/local-target.ts";
import type { TargetInput } from "./target-input.ts";

/** @throws StudioError for a target that this version cannot drive */
export async function createTarget(kind: string, input: TargetInput): Promise<Target> {
  if (kind === "local") return createLocalTarget(input);
  if (kind === "compose") return (await import("./compose/create-compose.ts")).composeTarget(input);
  if (kind === "swarm") return (await import("./swarm/create-swarm.ts")).swarmTarget(input);
  throw unknownTarget(kind);
}
