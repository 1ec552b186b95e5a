import { describeVerdict } from "../bench/judge/threshold.ts";
import { hasOwnFailures } from "../bench/judge/validity.ts";
import type { BenchResult } from "../bench/result.ts";
import { StudioError, exitCodes } from "../errors.ts";
import type { StepRun } from "../operation/step.ts";

export type GateRun = Pick<BenchResult, "summary" | "verdicts" | "passed" | "reachable"> & {
  generator: Pick<BenchResult["generator"], "valid" | "reasons">;
};

/** Figures that no late or starved generator makes: answers that were wrong, or did not come. */
const ofTheTarget: readonly string[] = ["errors", "checks"];

/**
 * Puts a release through its gate. A run whose generator was late or starved says nothing about
 * the release, so it is made once more; when that one is no better, met thresholds let the release
 * pass with a note, missed ones of time or rate do not: a check that cannot be made is not passed.
 *
 * @param measure one run; called at most twice
 * @returns the figures, for the journal
 * @throws StudioError (exit 5) when the release missed its gate, or its gate cannot be measured
 */
export async function passGate(
  measure: () => Promise<GateRun>,
  { say, note, signal }: Pick<StepRun, "say" | "note" | "signal">,
) {
  let result = await measure();
  signal.throwIfAborted();
  if (isDoubtful(result)) {
    say(`measured again: ${result.generator.reasons.join(" ")}`);
    result = await measure();
    signal.throwIfAborted();
  }
  const { verdicts, generator, passed } = result;
  const figures = figuresOf(result);
  if (!passed) throw isDoubtful(result) ? notMeasured(result) : missedGate(result);
  if (!generator.valid) {
    note(
      `the gate was passed, but its load was not what it asks for: ${generator.reasons.join(" ")}`,
    );
  }
  return { ...figures, verdicts, valid: generator.valid, reasons: generator.reasons };
}

/** Whether another run may end otherwise, because of the machine that generates the load. */
function isDoubtful({ generator, summary, verdicts, reachable }: GateRun): boolean {
  if (generator.valid || !reachable) return false;
  const missed = verdicts.filter((verdict) => !verdict.passed);
  return hasOwnFailures(summary) || !missed.some(({ metric }) => ofTheTarget.includes(metric));
}

function figuresOf({ summary }: GateRun) {
  const { rate, errorRate, latency } = summary;
  return { rate, errorRate, latency };
}

function missedGate(result: GateRun): StudioError {
  const { verdicts } = result;
  const missed = verdicts.filter((verdict) => !verdict.passed);
  return new StudioError({
    code: "gate.missed",
    message: `The release missed its gate: ${missed.map(describeVerdict).join(", ")}.`,
    hint: "Mend the release, or set other thresholds in deploy.gate of studio.yaml, then deploy again.",
    exitCode: exitCodes.undone,
    details: { verdicts, figures: figuresOf(result) },
  });
}

function notMeasured(result: GateRun): StudioError {
  const { verdicts, generator } = result;
  const { reasons } = generator;
  return new StudioError({
    code: "gate.invalid",
    message: `The gate could not be measured, twice: ${reasons.join(" ")}`,
    hint: "Deploy again when this machine has less to do, or with --skip-gate.",
    exitCode: exitCodes.undone,
    details: { verdicts, figures: figuresOf(result), reasons },
  });
}
