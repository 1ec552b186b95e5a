import { expect, test } from "vitest";
import type { Verdict } from "../../../src/bench/judge/threshold.ts";
import { type GateRun, passGate } from "../../../src/deploy/gate.ts";
import { StudioError } from "../../../src/errors.ts";

const late = ["The generator stood still for 400 ms, and 200 ms is the limit."];

interface Kind {
  valid: boolean;
  missed?: Verdict["metric"];
  errors?: Record<string, number>;
}

function runOf({ valid, missed, errors = {} }: Kind): GateRun {
  const metrics: Verdict["metric"][] = ["p95", "errors"];
  const verdicts = metrics.map((metric): Verdict => {
    return { text: metric, metric, limit: 1, actual: 1, passed: metric !== missed };
  });
  return {
    summary: { rate: 1, errorRate: 0, latency: null, errors } as GateRun["summary"],
    verdicts,
    passed: missed === undefined,
    reachable: true,
    generator: { valid, reasons: valid ? [] : late },
  };
}

async function pass(...runs: Kind[]) {
  const notes: string[] = [];
  let made = 0;
  const measure = async () => runOf(runs[made++] ?? { valid: true, missed: "max" });
  const run = {
    say: () => undefined,
    note: (text: string) => notes.push(text),
    signal: new AbortController().signal,
  };
  const ending = await passGate(measure, run).then(
    ({ valid }) => (valid ? "passed" : "passed in doubt"),
    (error: unknown) => (error instanceof StudioError ? `${error.code} ${error.exitCode}` : error),
  );
  return { ending, made, notes };
}

const cases: [title: string, runs: Kind[], ending: string, made: number][] = [
  ["a valid run that meets its thresholds passes", [{ valid: true }], "passed", 1],
  ["a valid run that misses one fails", [{ valid: true, missed: "p95" }], "gate.missed 5", 1],
  [
    "an invalid run is repeated, and the valid one counts",
    [{ valid: false, missed: "p95" }, { valid: true }],
    "passed",
    2,
  ],
  [
    "a valid repeat may miss as well",
    [
      { valid: false, missed: "p95" },
      { valid: true, missed: "p95" },
    ],
    "gate.missed 5",
    2,
  ],
  [
    "missed times of two invalid runs are no verdict, and do not pass",
    [
      { valid: false, missed: "p95" },
      { valid: false, missed: "p95" },
    ],
    "gate.invalid 5",
    2,
  ],
  [
    "answers that fail are the release's own, however late the generator was",
    [{ valid: false, missed: "errors" }],
    "gate.missed 5",
    1,
  ],
  [
    "failures for want of files of this machine are not the release's",
    [
      { valid: false, missed: "errors", errors: { "too many open files on this side": 3 } },
      { valid: true },
    ],
    "passed",
    2,
  ],
];

test.each(cases)("%s", async (_title, runs, ending, made) => {
  expect(await pass(...runs)).toEqual({ ending, made, notes: [] });
});

test("thresholds that are met in two invalid runs let the release pass, with a note", async () => {
  const { ending, made, notes } = await pass({ valid: false }, { valid: false });
  expect({ ending, made }).toEqual({ ending: "passed in doubt", made: 2 });
  expect(notes.join()).toContain("stood still for 400 ms");
});
