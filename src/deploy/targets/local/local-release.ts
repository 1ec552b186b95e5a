import { type LocalRelease, type ReleaseRecord, foreignRelease } from "../../release.ts";

/** @throws StudioError (exit 2) for a release of another target */
export function asLocal(release: ReleaseRecord): LocalRelease {
  if (release.target === "local") return release;
  throw foreignRelease(release, "local");
}
