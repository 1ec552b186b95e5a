import { expect, it } from "vitest";
import { BackOff } from "../../../../src/bench/engine/open/back-off.ts";

it("a target that refuses is asked less and less often, at last once a second", () => {
  const backOff = new BackOff();
  const asked: number[] = [];
  for (let now = 0; now < 10_000; now += 1) {
    if (backOff.isOn(now)) continue;
    asked.push(now);
    backOff.failed(now);
  }
  expect(asked.length).toBeLessThan(20);
  expect((asked.at(-1) ?? 0) - (asked.at(-2) ?? 0)).toBe(1000);
});

it("failures of one moment count as one, and a success ends the pause", () => {
  const backOff = new BackOff();
  for (let count = 0; count < 50; count += 1) backOff.failed(0);
  expect(backOff.isOn(10)).toBe(false);
  backOff.failed(20);
  expect(backOff.isOn(25)).toBe(true);
  backOff.succeeded();
  expect(backOff.isOn(25)).toBe(false);
});
