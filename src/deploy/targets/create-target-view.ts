import { type StudioError, usageError } from "../../errors.ts";
import type { StatePaths } from "../../state.ts";
import type { TargetView } from "../target.ts";
import { createLocalView } from "./local/local-view.ts";

/** @throws StudioError for a target that this version cannot drive */
export function createTargetView(kind: string, paths: StatePaths): TargetView {
  if (kind === "local") return createLocalView(paths);
  throw unknownTarget(kind);
}

export function unknownTarget(kind: string): StudioError {
  return usageError(
    `The target "${kind}" is not part of this version of studio.`,
    "Use `target: local` for this environment.",
  );
}
