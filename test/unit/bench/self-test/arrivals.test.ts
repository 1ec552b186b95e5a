import { expect, test } from "vitest";
import { randomNumbers } from "../../../../src/bench/random.ts";
import {
  poissonDistance,
  rampError,
  rateOf,
  variationOf,
} from "../../../../src/bench/self-test/arrivals.ts";

const even = (rate: number, seconds: number): number[] =>
  Array.from({ length: rate * seconds }, (_, index) => ((index + 0.5) * 1000) / rate);

function random(rate: number, count: number, seed: number): number[] {
  const numbers = randomNumbers(seed);
  let at = 0;
  return Array.from({ length: count }, () => (at -= (1000 / rate) * Math.log(1 - numbers())));
}

test("requests at even distances have their rate, and vary by nothing", () => {
  const arrivals = even(500, 4);
  expect(rateOf(arrivals)).toBeCloseTo(500, 6);
  expect(variationOf(arrivals, 50)).toBeLessThan(0.03);
});

test("requests in bursts vary, though their rate is right", () => {
  const arrivals = even(500, 4).map((at) => Math.floor(at / 100) * 100);
  expect(rateOf(arrivals)).toBeCloseTo(500, -2);
  expect(variationOf(arrivals, 50)).toBeGreaterThan(0.9);
});

test("requests of a Poisson process are taken for one in 99 of 100 cases, others are not", () => {
  const distances = Array.from({ length: 200 }, (_, seed) =>
    poissonDistance(random(50, 200, seed + 1), 50),
  );
  expect(distances.filter((distance) => distance > 1.628).length).toBeLessThanOrEqual(6);
  expect(poissonDistance(even(50, 4), 50)).toBeGreaterThan(1.628);
  expect(poissonDistance(random(75, 200, 1), 50)).toBeGreaterThan(1.628);
});

test("requests on a ramp are off its integral by less than one; those at one rate are not", () => {
  const ramp = { from: 200, to: 1000, duration: 4000 };
  const slope = (ramp.to - ramp.from) / ramp.duration;
  const due = (count: number) =>
    (Math.sqrt(ramp.from ** 2 + 2 * slope * count * 1000) - ramp.from) / slope;
  const arrivals = Array.from({ length: 2400 }, (_, index) => due(index + 0.5));
  expect(rampError(arrivals, ramp)).toBeLessThan(0.001);
  expect(rampError(even(600, 4), ramp)).toBeGreaterThan(0.1);
  expect(rampError(arrivals.slice(0, 2300), ramp)).toBeGreaterThan(0.02);
});
