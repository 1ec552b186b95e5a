import { usageError } from "../../errors.ts";
import type { Target } from "../target.ts";
import { type LocalTargetInput, createLocalTarget } from "./local/local-target.ts";

/** @throws StudioError for a target that this version cannot drive */
export function createTarget(kind: string, input: LocalTargetInput): Target {
  if (kind === "local") return createLocalTarget(input);
  throw usageError(
    `The target "${kind}" is not part of this version of studio.`,
    "Use `target: local` for this environment.",
  );
}
