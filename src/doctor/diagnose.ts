import { StudioError, exitCodes } from "../errors.ts";
import { auditReports } from "./audit-reports.ts";
import { type Check, type CheckReport, runCheck } from "./check.ts";
import { dataChecks } from "./data-checks.ts";
import { hostChecks } from "./host-checks.ts";
import { projectChecks } from "./project-checks.ts";
import { releaseChecks } from "./release-checks.ts";
import { type DiagnosisInput, closeScene, readScene } from "./scene.ts";

export interface Diagnosis {
  checks: CheckReport[];
}

const checks: readonly Check[] = [...projectChecks, ...hostChecks, ...releaseChecks, ...dataChecks];

/** Looks at everything in turn, and changes nothing. */
export async function diagnose(input: DiagnosisInput): Promise<Diagnosis> {
  const scene = await readScene(input);
  try {
    const reports: CheckReport[] = [];
    for (const check of checks) reports.push(await runCheck(check, scene));
    return { checks: [...reports, ...(await auditReports(scene))] };
  } finally {
    closeScene(scene);
  }
}

/** The error that goes with a diagnosis in which something is wrong (exit 4), or null. */
export function diagnosisError({ checks }: Diagnosis): StudioError | null {
  const bad = checks.filter((check) => check.state === "wrong");
  const [first] = bad;
  if (first === undefined) return null;
  const count = bad.length === 1 ? "One check" : `${bad.length} checks`;
  return new StudioError({
    code: "doctor.wrong",
    message: `${count} did not pass: ${bad.map((check) => check.title).join("; ")}.`,
    hint: first.fix ?? undefined,
    exitCode: exitCodes.checkFailed,
  });
}
