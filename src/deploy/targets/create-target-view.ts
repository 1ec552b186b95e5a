import { type StudioError, usageError } from "../../errors.ts";
import type { TargetView } from "../target.ts";
import { createLocalView } from "./local/local-view.ts";
import type { TargetInput } from "./target-input.ts";

/** @throws StudioError for a target that this version cannot drive */
export async function createTargetView(kind: string, input: TargetInput): Promise<TargetView> {
  if (kind === "local") return createLocalView(input);
  if (kind === "compose") return (await import("./compose/create-compose.ts")).composeView(input);
  if (kind === "swarm") return (await import("./swarm/create-swarm.ts")).swarmView(input);
  throw unknownTarget(kind);
}

export function unknownTarget(kind: string): StudioError {
  return usageError(
    `The target "${kind}" is not part of this version of studio.`,
    "Use `target: local`, `compose` or `swarm` for this environment.",
  );
}
