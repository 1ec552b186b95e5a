import { describeVerdict } from "../judge/threshold.ts";
import type { BenchReport } from "./bench-report.ts";
import { escapeMarkup } from "./markup.ts";

/**
 * The thresholds as test cases, for a CI system: the common denominator of JUnit's XML
 * (https://github.com/testmoapp/junitxml). A run that says nothing about its target is an error,
 * not a failure.
 */
export function junitText(report: BenchReport): string {
  const { summary, verdicts, generator, reachable } = report;
  const seconds = (summary.durationMs / 1000).toFixed(3);
  const name = `studio bench ${summary.scenario}`;
  const errors = generator.valid && reachable ? 0 : 1;
  const failures = verdicts.filter((verdict) => !verdict.passed).length;
  const counts = `tests="${verdicts.length + 1}" failures="${failures}" errors="${errors}"`;
  const open = `name="${escapeMarkup(name)}" ${counts} time="${seconds}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${open}>`,
    `  <testsuite ${open} timestamp="${summary.startedAt}" id="${report.id}">`,
    ...testCase(name, "the run says something about its target", doubt(report), "error"),
    ...verdicts.flatMap((verdict) =>
      testCase(name, verdict.text, verdict.passed ? null : describeVerdict(verdict), "failure"),
    ),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function doubt({ generator, reachable }: BenchReport): string | null {
  if (!reachable) return "The target gave not a single answer.";
  return generator.valid ? null : generator.reasons.join(" ");
}

function testCase(suite: string, name: string, problem: string | null, kind: string): string[] {
  const open = `    <testcase classname="${escapeMarkup(suite)}" name="${escapeMarkup(name)}"`;
  if (problem === null) return [`${open}/>`];
  return [`${open}>`, `      <${kind} message="${escapeMarkup(problem)}"/>`, "    </testcase>"];
}
