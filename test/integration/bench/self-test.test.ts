import { expect, it } from "vitest";
import { selfTestCases } from "../../../src/bench/self-test/cases.ts";
import { runSelfTest, selfTestFailure } from "../../../src/bench/self-test/self-test.ts";
import { everyStep } from "../../support/every.ts";

const never = new AbortController().signal;

it("every figure of a known target is right, unless the machine was too busy and that is said", async () => {
  const quick = selfTestCases.filter(({ duration }) => everyStep || duration <= 2000);
  const { cases } = await runSelfTest(never, quick);
  expect(cases).toHaveLength(quick.length);
  for (const { name, passed, reasons, figures } of cases) {
    expect(passed || reasons.length > 0, `${name}: ${JSON.stringify(figures)}`).toBe(true);
  }
});

it("no request is lost or invented, however busy the machine is", async () => {
  const counted = selfTestCases.filter(({ workers }) => workers === 4);
  const { cases } = await runSelfTest(never, counted);
  const samples = cases.flatMap(({ figures }) => figures.filter((one) => one.figure === "samples"));
  expect(samples).toMatchObject([{ measured: 1000 }]);
});

it("a figure that is wrong fails it, one that is unknown leaves it open", () => {
  const right = { figure: "samples", truth: 1, measured: 1, tolerance: 0 };
  const wrong = {
    name: "a",
    figures: [{ ...right, measured: 2 }],
    passed: false,
    reasons: [],
    attempts: 1,
  };
  const unknown = { ...wrong, name: "b", reasons: ["The generator stood still for 80 ms."] };
  const sound = { name: "c", figures: [right], passed: true, reasons: [], attempts: 1 };
  expect(selfTestFailure({ cases: [sound] })).toBeNull();
  expect(selfTestFailure({ cases: [sound, unknown] })).toMatchObject({ exitCode: 9 });
  expect(selfTestFailure({ cases: [unknown, wrong] })).toMatchObject({ exitCode: 4 });
});
