import { expect } from "vitest";
import { type Recovery, succeed } from "../kill-rounds.ts";
import type { TestProject } from "../studio.ts";
import { serving } from "./stack-words.ts";

/**
 * A stack that was recovered says who serves, which is who the public meets, and has nothing left to
 * be ended.
 * @param before the release that served when the deploy began
 */
export async function expectRecovered(
  project: TestProject,
  { way, where, outcome }: Recovery,
  before: string | null,
): Promise<void> {
  const status = await succeed(project, ["status", "--json"]);
  const { result } = JSON.parse(status.stdout);
  const release = await serving(project);
  expect(result.serving, where).toMatchObject({ release, state: "serving" });
  expect(result.operation, where).toBeNull();
  if (outcome === "undone") expect(release, where).toBe(before);
  if (way === "resume" && outcome !== null) expect(outcome, where).toBe("succeeded");
}
