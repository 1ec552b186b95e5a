import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRun, weightedSequence } from "../../../src/bench/scenario/plan.ts";
import { parseScenario } from "../../../src/bench/scenario/scenario.ts";

const scenario = parseScenario(
  `name: sample
users: 50
duration: 10m
rampUp: 10s
warmUp: 30s
requests: [{ path: / }]`,
  "sample.yaml",
);

describe("the plan of a run", () => {
  it("is the scenario itself when nothing is changed", () => {
    expect(planRun(scenario, {})).toEqual(scenario);
  });

  it("scales users and times together", () => {
    const expected = { users: 5, duration: 60_000, rampUp: 1000, warmUp: 3000 };
    expect(planRun(scenario, { scale: 0.1 })).toMatchObject(expected);
    expect(planRun(scenario, { scale: 0.001 }).users).toBe(1);
  });

  it("takes users and duration outright, whatever the scale, and shrinks the ramp-up", () => {
    const plan = planRun(scenario, { scale: 0.5, users: 7, duration: 6000 });
    expect(plan).toMatchObject({ users: 7, duration: 6000, rampUp: 100, warmUp: 300 });
    expect(planRun(scenario, { duration: 3_600_000 }).rampUp).toBe(10_000);
  });

  it.each([{ scale: 0 }, { scale: Number.NaN }, { users: 0 }, { users: 1.5 }, { duration: 0 }])(
    "refuses %j",
    (overrides) => {
      expect(() => planRun(scenario, overrides)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );
});

describe("weights", () => {
  it("make each request come up as often as its weight says, and never far off on the way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
        (all) => {
          const requests = all.map((weight, index) => ({
            method: "GET" as const,
            path: `/${index}`,
            headers: {},
            weight,
            expect: {},
          }));
          const total = all.reduce((sum, weight) => sum + weight, 0);
          const sequence = weightedSequence(requests);
          expect(sequence).toHaveLength(total);
          for (const request of requests) {
            let seen = 0;
            for (const [index, one] of sequence.entries()) {
              if (one === request) seen += 1;
              const due = ((index + 1) * request.weight) / total;
              expect(Math.abs(seen - due)).toBeLessThan(requests.length);
            }
            expect(seen).toBe(request.weight);
          }
        },
      ),
    );
  });
});
