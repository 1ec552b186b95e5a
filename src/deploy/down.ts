import { currentRelease } from "../ledger/releases.ts";
import { type VolumesPlan, planVolumes, requireVolumes } from "./down-volumes.ts";
import { readUnlocked } from "./preview-deploy.ts";
import type { ReleaseRecord } from "./release.ts";
import {
  type RunPlanView,
  type RunResult,
  nothingDeployed,
  performRun,
  planRun,
  viewRun,
} from "./run-release.ts";
import type { VolumesGone } from "./target.ts";
import type { Workplace } from "./workplace.ts";

export interface DownResult extends RunResult {
  /** Null where they were to stay. */
  volumes: VolumesGone | null;
  warnings: string[];
}

/**
 * Ends the current release in good order; `up` starts it again.
 * @param agreed names of volumes that are to go, for good; what is no longer the release's own stays
 */
export async function takeDown(
  place: Workplace,
  message: string | null,
  agreed: readonly string[] | null,
): Promise<DownResult> {
  const { result, performed } = await performRun(place, "down", message, agreed ?? []);
  const { results, warnings } = performed;
  const gone = (results.get("volumes") ?? null) as VolumesGone | null;
  return { ...result, volumes: agreed === null ? null : goneOf(agreed, gone), warnings };
}

/** What was not looked at any more, or no longer the release's own, is still there. */
function goneOf(agreed: readonly string[], gone: VolumesGone | null): VolumesGone {
  const { removed, left } = gone ?? { removed: [], left: [] };
  const told = new Set([...removed, ...left.map(({ name }) => name)]);
  const untold = agreed.filter((name) => !told.has(name));
  return { removed, left: [...left, ...untold.map((name) => ({ name, reason: "left alone" }))] };
}

export interface DownPlanView extends RunPlanView {
  /** Null where they stay. */
  volumes: VolumesPlan | null;
}

/** What `down` would do now; nothing is changed, and no lock is taken. */
export async function previewDown(place: Workplace, withVolumes: boolean): Promise<DownPlanView> {
  if (withVolumes) requireVolumes(place);
  return readUnlocked(place, async (ledger) => {
    const row = ledger === null ? null : currentRelease(ledger, place.desk.environment);
    if (ledger === null || row === null) throw nothingDeployed(place.desk.environment);
    const volumes = withVolumes ? await planVolumes(place, row.record as ReleaseRecord) : null;
    const names = volumes?.own.map(({ name }) => name) ?? [];
    return { ...viewRun(place, await planRun(place, ledger, "down", names)), volumes };
  });
}
