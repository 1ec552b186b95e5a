import { expect, test } from "vitest";
import { compareSamples } from "../../../../src/bench/compare/comparison.ts";
import type { Judgement } from "../../../../src/bench/compare/comparison.ts";
import type { Samples } from "../../../../src/bench/compare/samples.ts";
import { randomNumbers } from "../../../../src/bench/random.ts";

/** Normally distributed numbers (Box and Muller, 1958). */
function normals(seed: number): () => number {
  const random = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface Simulation {
  repeats: number;
  /** How much slower the other side is: 1.2 for 20 %. */
  factor: number;
  paired: boolean;
  /** The spread of the repeats' p50; their p95 has twice of it. */
  spread: number;
}

/** Two runs of which a busy hour hits both alike, and the noise of each repeat one alone. */
function simulate(normal: () => number, { repeats, factor, spread }: Simulation) {
  const side = (hours: readonly number[], by: number): Samples => {
    const list = hours.map((hour) => {
      const own = normal() * spread;
      const tail = 60 * by * Math.exp(hour + own + normal() * spread);
      return { p50: 20 * by * Math.exp(hour + own), p95: tail, count: 1000 };
    });
    return { kind: "repeat", list };
  };
  const hours = Array.from({ length: repeats }, () => normal() * 0.05);
  return [side(hours, 1), side(hours, factor)] as const;
}

function judgements(count: number, simulation: Simulation): Record<Judgement, number> {
  const normal = normals(20261122);
  const found = { faster: 0, slower: 0, same: 0, inconclusive: 0 };
  for (let turn = 0; turn < count; turn += 1) {
    const [base, other] = simulate(normal, simulation);
    const { paired } = simulation;
    found[compareSamples(base, other, { paired, seed: turn, resamples: 1000 }).judgement] += 1;
  }
  return found;
}

const rounds = 400;

test.each<[string, boolean, number]>([
  ["in turns", true, 0.05],
  ["one after the other", false, 0.05],
  ["of noisy repeats", false, 0.15],
])(
  "equals compared %s are called different in at most one of twenty comparisons",
  (_how, paired, spread) => {
    const { faster, slower } = judgements(rounds, { repeats: 10, factor: 1, paired, spread });
    expect(faster + slower).toBeLessThanOrEqual(rounds * 0.05);
  },
);

test.each<[string, boolean]>([
  ["in turns", true],
  ["one after the other", false],
])(
  "one that is slower by a fifth, compared %s, is found in four of five comparisons",
  (_how, paired) => {
    const found = judgements(rounds, { repeats: 10, factor: 1.2, paired, spread: 0.07 });
    expect(found.slower).toBeGreaterThanOrEqual(rounds * 0.8);
    expect(found.faster).toBe(0);
  },
);

test("the same comparison says the same again", () => {
  const [base, other] = simulate(normals(1), {
    repeats: 10,
    factor: 1.1,
    paired: true,
    spread: 0.05,
  });
  const once = compareSamples(base, other, { paired: true });
  expect(compareSamples(base, other, { paired: true })).toEqual(once);
});

test("the ratio and its interval are those of the figures", () => {
  const [base, other] = simulate(normals(2), {
    repeats: 12,
    factor: 2,
    paired: true,
    spread: 0.02,
  });
  const { metrics, judgement } = compareSamples(base, other, { paired: true });
  expect(judgement).toBe("slower");
  for (const { ratio, base: before, other: after } of metrics) {
    expect(ratio?.estimate).toBeCloseTo(after / before, 6);
    expect(ratio?.low).toBeLessThan(2);
    expect(ratio?.high).toBeGreaterThan(2);
  }
});

test("fewer than five repeats, or none, tell nothing", () => {
  const [base, other] = simulate(normals(3), { repeats: 4, factor: 9, paired: true, spread: 0.01 });
  expect(compareSamples(base, other, { paired: true }).judgement).toBe("inconclusive");
  const none: Samples = { kind: "block", list: [] };
  expect(compareSamples(none, other, { paired: false }).metrics[0]?.ratio).toBeNull();
});

test("equal figures are the same, and a sure difference of 1 % is nothing to act on", () => {
  const list = Array.from({ length: 10 }, () => ({ p50: 10, p95: 20, count: 100 }));
  const base: Samples = { kind: "repeat", list };
  const slower = list.map((one) => ({ ...one, p50: 10.1, p95: 20.2 }));
  expect(compareSamples(base, base, { paired: true }).judgement).toBe("same");
  expect(compareSamples(base, { kind: "repeat", list: slower }, { paired: true }).judgement).toBe(
    "same",
  );
});

test("a better median with a worse tail tells nothing", () => {
  const list = Array.from({ length: 10 }, (_, index) => ({
    p50: 10 + index / 10,
    p95: 20,
    count: 100,
  }));
  const mixed = list.map(({ p50 }) => ({ p50: p50 / 2, p95: 40, count: 100 }));
  const [base, other]: Samples[] = [
    { kind: "repeat", list },
    { kind: "repeat", list: mixed },
  ];
  if (base === undefined || other === undefined) throw new Error("two");
  expect(compareSamples(base, other, { paired: true }).judgement).toBe("inconclusive");
});
