import { StudioError, reasonOf, systemCode } from "../errors.ts";
import type { Scene } from "./scene.ts";

/** `note`: worth knowing, no failure. `skipped`: cannot be said, or does not apply here. */
export type CheckState = "ok" | "wrong" | "note" | "skipped";

export interface Finding {
  state: CheckState;
  /** What is the case, as a sentence or a figure. */
  found: string;
  /** In the place of the check's own, where the finding knows better. */
  fix?: string | undefined;
}

export interface Check {
  title: string;
  /** Only looks. */
  check(scene: Scene): Finding | Promise<Finding>;
  /** What to type or do when it is wrong. */
  fix: string;
}

export interface CheckReport {
  title: string;
  state: CheckState;
  found: string;
  /** Null where nothing is to be done. */
  fix: string | null;
}

export const ok = (found: string): Finding => ({ state: "ok", found });
export const wrong = (found: string, fix?: string): Finding => ({ state: "wrong", found, fix });
export const note = (found: string, fix?: string): Finding => ({ state: "note", found, fix });
export const skipped = (found: string): Finding => ({ state: "skipped", found });

/** Runs one check; what it cannot read or reach is a finding, anything else thrown is a bug. */
export async function runCheck(check: Check, scene: Scene): Promise<CheckReport> {
  const { state, found, fix } = await findingOf(check, scene);
  const needed = state === "wrong" || state === "note";
  return { title: check.title, state, found, fix: needed ? (fix ?? check.fix) : null };
}

async function findingOf(check: Check, scene: Scene): Promise<Finding> {
  try {
    return await check.check(scene);
  } catch (error) {
    if (error instanceof StudioError) return wrong(error.message, error.hint);
    if (systemCode(error) === undefined) throw error;
    return wrong(reasonOf(error));
  }
}
