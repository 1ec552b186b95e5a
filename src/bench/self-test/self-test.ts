import { StudioError, exitCodes } from "../../errors.ts";
import { play } from "../engine/play.ts";
import { defaultLimits, judgeValidity } from "../judge/validity.ts";
import { summarize } from "../measure/summary.ts";
import { scenarioSchema } from "../scenario/schema.ts";
import { isWithin, selfTestCases } from "./cases.ts";
import type { Comparison, SelfTestCase } from "./cases.ts";
import { startFaultServer } from "./fault-server.ts";

export interface CaseResult {
  name: string;
  figures: Comparison[];
  /** Every figure is what it must be. */
  passed: boolean;
  /** Why the machine was too busy for the case to say anything; empty when it was not. */
  reasons: string[];
  /** How often it was measured: once more where the machine was too busy. */
  attempts: number;
}

export interface SelfTestReport {
  cases: CaseResult[];
}

/** Milliseconds; the figures of a self-test are finer than those of a usual run. */
const limits = { ...defaultLimits, sendLagP99: 5, sendLagMax: 50, eventLoopDelayMax: 50 };

/** Milliseconds; code that runs for the first time sends late. */
const warmUp = 500;

/** A busy moment of the machine is no news; three in a row are. */
const mostAttempts = 3;

/** Measures targets whose latency is known, and compares. Takes about half a minute. */
export async function runSelfTest(
  signal: AbortSignal,
  cases: readonly SelfTestCase[] = selfTestCases,
): Promise<SelfTestReport> {
  const results: CaseResult[] = [];
  for (const one of cases) {
    results.push(await runUntilKnown(one, signal));
  }
  return { cases: results };
}

async function runUntilKnown(one: SelfTestCase, signal: AbortSignal): Promise<CaseResult> {
  for (let attempts = 1; ; attempts += 1) {
    const outcome = await runCase(one, signal);
    signal.throwIfAborted();
    if (outcome.reasons.length === 0 || attempts === mostAttempts) return { ...outcome, attempts };
  }
}

async function runCase(
  one: SelfTestCase,
  signal: AbortSignal,
): Promise<Omit<CaseResult, "attempts">> {
  const { name, law, workers } = one;
  const plan = scenarioSchema.parse({
    name: "self-test",
    ...loadOf(one),
    warmUp: `${warmUp}ms`,
    workers,
    requests: [{ path: "/" }],
  });
  const server = await startFaultServer(law);
  const run = play({ plan, target: { url: server.url }, signal });
  const { recording, facts, generator } = await run.catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const { max, arrivals } = await server.close();
  const summary = summarize(recording, facts);
  const { reasons } = judgeValidity(generator, summary, limits);
  if (max > limits.eventLoopDelayMax) {
    reasons.push(`The server of the test itself stood still for ${max.toFixed(0)} ms.`);
  }
  const figures = one.compare({ summary, arrivals: withoutWarmUp(arrivals, one.rate) });
  return { name, figures, passed: figures.every(isWithin), reasons };
}

function loadOf({ rate, rampTo, poisson, duration }: SelfTestCase): object {
  if (rampTo !== undefined) return { rate, stages: [{ to: rampTo, for: `${duration}ms` }] };
  const arrivals = poisson === true ? "poisson" : "constant";
  return { rate, arrivals, duration: `${duration}ms` };
}

/** From when the warm-up was over, if the first request came half a distance after its begin. */
function withoutWarmUp(arrivals: readonly number[], rate: number): number[] {
  const [first = 0] = arrivals;
  const begin = first - 500 / rate + warmUp;
  return arrivals.map((at) => at - begin).filter((at) => at >= 0);
}

/** What a self-test ends with: nothing, or the error for its exit code. */
export function selfTestFailure({ cases }: SelfTestReport): StudioError | null {
  const wrong = cases.filter(({ passed, reasons }) => !passed && reasons.length === 0);
  if (wrong.length > 0) {
    return new StudioError({
      code: "bench.self-test",
      message: `Figures are not what they must be: ${wrong.map(({ name }) => name).join("; ")}.`,
      hint: "Do not trust load tests of this machine before it is known why.",
      exitCode: exitCodes.checkFailed,
    });
  }
  const unknown = cases.filter(({ reasons }) => reasons.length > 0);
  if (unknown.length === 0) return null;
  const busy = unknown.map(({ name, reasons }) => `"${name}": ${reasons.join(" ")}`);
  return new StudioError({
    code: "bench.invalid",
    message: `The machine was too busy, ${mostAttempts} times in a row. ${busy.join(" ")}`,
    hint: "Run it again when nothing else does.",
    exitCode: exitCodes.inconclusive,
  });
}
