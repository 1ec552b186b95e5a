import { beforeAll, expect } from "vitest";
import { everyStep } from "../every.ts";
import { type KillPoint, type Recovery, listPoints, succeed } from "../kill-rounds.ts";
import type { TestProject } from "../studio.ts";
import { deploy, serving } from "./stack-words.ts";

/** Where the deploys of a stack are killed, and what is expected of each that was. */
export interface KilledDeploys {
  /** Remembers who serves, before a deploy begins. */
  reset: () => Promise<void>;
  /**
   * A stack that was recovered says who serves, which is who the public meets, and has nothing left
   * to be ended.
   */
  check: (recovery: Recovery) => Promise<void>;
  /** All points of a deploy in the long form, else those named. */
  chosen: (few: readonly string[]) => KillPoint[];
  pointNamed: (name: string) => KillPoint;
  /** @returns the names of all points */
  expectPointsAround: (effects: readonly string[]) => string[];
}

/**
 * @param argv of the deploy
 * @param prepare called before the one whose points are listed, which succeeds
 */
export function killedDeploys(
  project: TestProject,
  argv: readonly string[] = deploy,
  prepare: () => Promise<void> = async () => {},
): KilledDeploys {
  let points: KillPoint[] = [];
  let before: string | null = null;

  beforeAll(async () => {
    // The first one that replaces another.
    await prepare();
    points = await listPoints(project, argv);
  }, 300_000);

  return {
    async reset() {
      before = await serving(project);
    },
    async check({ way, where, outcome }) {
      const status = await succeed(project, ["status", "--json"]);
      const { result } = JSON.parse(status.stdout);
      const release = await serving(project);
      expect(result.serving, where).toMatchObject({ release, state: "serving" });
      expect(result.operation, where).toBeNull();
      if (outcome === "undone") expect(release, where).toBe(before);
      if (way === "resume" && outcome !== null) expect(outcome, where).toBe("succeeded");
    },
    chosen: (few) => points.filter(({ name }) => everyStep || few.includes(name)),
    pointNamed(name) {
      const point = points.find((one) => one.name === name);
      if (point === undefined) throw new Error(`A deploy has no point ${name}.`);
      return point;
    },
    expectPointsAround(effects) {
      const names = points.map(({ name }) => name);
      for (const effect of effects) {
        expect(names).toContain(`${effect}:before`);
        expect(names).toContain(`${effect}:after`);
      }
      return names;
    },
  };
}
