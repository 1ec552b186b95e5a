import { StudioError } from "../errors.ts";
import type { CheckReport } from "./check.ts";
import type { Scene } from "./scene.ts";

/** The security checklist of the environment's target; none where it knows none. */
export async function auditReports({ view }: Scene): Promise<CheckReport[]> {
  if (view === null || "error" in view) return [];
  try {
    return await view.value.target.audit();
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const { message: found, hint: fix = null } = error;
    return [{ title: "Security checklist", state: "wrong", found, fix }];
  }
}
