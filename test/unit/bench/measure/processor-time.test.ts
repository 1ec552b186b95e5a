import { expect, it } from "vitest";
import { parseProcessorTime, stolenShare } from "../../../../src/bench/measure/processor-time.ts";

const before = "cpu  100 0 50 800 10 0 5 35 20 0\ncpu0 50 0 25 400 5 0 2 17 10 0\n";
const after = "cpu  150 0 60 820 10 0 5 55 20 0\ncpu0 50 0 25 400 5 0 2 17 10 0\n";

it("the stolen share is that of the time which passed on all processors, guests not counted twice", () => {
  expect(parseProcessorTime(before)).toEqual({ total: 1000, steal: 35 });
  expect(stolenShare(parseProcessorTime(before), parseProcessorTime(after))).toBe(0.2);
});

it("the stolen share is unknown where the system does not tell, or no time passed", () => {
  expect(parseProcessorTime("")).toBeNull();
  expect(parseProcessorTime("cpu 1 2 3")).toBeNull();
  expect(stolenShare(null, parseProcessorTime(after))).toBeNull();
  expect(stolenShare(parseProcessorTime(after), parseProcessorTime(after))).toBeNull();
});
