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

describe("the plan of a run with a rate", () => {
  const open = parseScenario(
    "name: open\nrate: 10\nstages: [{ to: 30, for: 1m }, { to: 30, for: 3m }]\nrequests: [{ path: / }]",
    "open.yaml",
  );

  it("is the scenario itself when nothing is changed", () => {
    expect(planRun(open, {})).toEqual(open);
    expect(open).toMatchObject({ users: 0, duration: 240_000 });
  });

  it("scales rates and times together, and stretches the stages over a duration", () => {
    const scaled = [
      { from: 5, to: 15, duration: 30_000 },
      { from: 15, to: 15, duration: 90_000 },
    ];
    expect(planRun(open, { scale: 0.5 }).open?.stages).toEqual(scaled);
    const stretched = [
      { from: 10, to: 30, duration: 1000 },
      { from: 30, to: 30, duration: 3000 },
    ];
    expect(planRun(open, { duration: 4000 }).open?.stages).toEqual(stretched);
  });

  it("takes a rate outright, also where the scenario has users, and users where it has a rate", () => {
    const stages = [{ from: 80, to: 80, duration: 600_000 }];
    expect(planRun(scenario, { rate: 80, workers: 2 }).open).toMatchObject({ stages, workers: 2 });
    expect(planRun(open, { users: 3 })).toMatchObject({ users: 3, open: null });
  });

  it.each([{ users: 1, rate: 1 }, { rate: 0 }, { rate: Number.NaN }, { users: 1, workers: 2 }])(
    "refuses %j",
    (overrides) => {
      expect(() => planRun(open, overrides)).toThrow(expect.objectContaining({ exitCode: 2 }));
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
