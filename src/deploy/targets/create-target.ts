import type { Target } from "../target.ts";
import { unknownTarget } from "./create-target-view.ts";
import { type LocalTargetInput, createLocalTarget } from "./local/local-target.ts";

/** @throws StudioError for a target that this version cannot drive */
export function createTarget(kind: string, input: LocalTargetInput): Target {
  if (kind === "local") return createLocalTarget(input);
  throw unknownTarget(kind);
}
