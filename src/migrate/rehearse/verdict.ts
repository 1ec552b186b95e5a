import type { RehearsalReport, RehearsedMigration } from "./report.ts";

/** What the outcomes of migrations mean together. */
export function verdictOn(
  migrations: readonly RehearsedMigration[],
): Pick<RehearsalReport, "ok" | "complete"> {
  const outcomes = migrations.map(({ outcome }) => outcome);
  return {
    ok: !outcomes.includes("failed") && !outcomes.includes("blocked"),
    complete: outcomes.every((outcome) => outcome === "done"),
  };
}
