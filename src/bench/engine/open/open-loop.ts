import { setTimeout as sleep } from "node:timers/promises";
import { worstDelay } from "../../measure/event-loop-delay.ts";
import { watchProcessors } from "../../measure/generator-health.ts";
import { Histogram, summarizeLatency } from "../../measure/histogram.ts";
import { unpackRecording } from "../../measure/packed-recording.ts";
import { mergeRecordings, sumOfCounts, wholeOf } from "../../measure/recording.ts";
import { slotWidthOf } from "../../measure/summary.ts";
import type { OpenLoad } from "../../scenario/schema.ts";
import { giveUpAfter, progressEvery } from "../measurement.ts";
import type { EngineInput, Measurement } from "../measurement.ts";
import { generatorTasks } from "./generator-tasks.ts";
import { GeneratorTeam } from "./generator-team.ts";

/**
 * Sends requests to the target at the rate of a scenario, each when it is due whether or not those
 * before were answered (an open loop: a slow target is asked no less often). Requests on their way
 * at the end are waited for, up to their time-out. A run ends early when the target has not given
 * one answer in its first five seconds.
 *
 * @throws StudioError (exit 2) when the target's address makes no sense; never because of what
 *   the target does.
 */
export async function runOpen(input: EngineInput, load: OpenLoad): Promise<Measurement> {
  const { plan, signal } = input;
  const team = new GeneratorTeam(generatorTasks(plan, load, input.target));
  const stop = () => team.stop();
  try {
    const beginsAt = await team.start();
    const startTime = new Date(Date.now() + beginsAt - performance.now() + plan.warmUp);
    const processors = watchProcessors();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    const outcomes = team.outcomes();
    const endedEarly = await followRun(input, team, beginsAt, outcomes);
    const done = await outcomes;
    const recording = mergeRecordings(done.map((one) => unpackRecording(one.recording)));
    const interrupted = signal?.aborted === true;
    const elapsed = Math.max(0, performance.now() - beginsAt - plan.warmUp);
    const duration = interrupted || endedEarly ? Math.min(plan.duration, elapsed) : plan.duration;
    return {
      recording,
      facts: {
        scenario: plan.name,
        model: "open",
        users: 0,
        workers: done.length,
        interrupted,
        startedAt: startTime.toISOString(),
        slotMs: slotWidthOf(plan.duration),
        measured: { duration, ok: wholeOf(recording).counts.ok },
      },
      generator: {
        sendLag: summarizeLatency(recording.sendLag),
        eventLoopDelay: worstDelay(done.map((one) => one.eventLoopDelay)),
        ...processors(),
      },
    };
  } finally {
    signal?.removeEventListener("abort", stop);
    await team.close();
  }
}

/** Until the threads are done. @returns whether they were stopped because the target is not there */
async function followRun(
  { plan, onProgress }: EngineInput,
  team: GeneratorTeam,
  beginsAt: number,
  outcomes: Promise<unknown>,
): Promise<boolean> {
  const over = new AbortController();
  const end = () => over.abort();
  outcomes.then(end, end);
  while (!over.signal.aborted) {
    await sleep(progressEvery, undefined, { signal: over.signal }).catch(() => undefined);
    const elapsedMs = Math.max(0, performance.now() - beginsAt);
    const { progress } = team;
    const answers = progress.reduce((sum, one) => sum + one.answers, 0);
    const failures = progress.reduce((sum, one) => sum + one.failures, 0);
    if (elapsedMs > giveUpAfter && answers === 0 && failures > 0 && !over.signal.aborted) {
      team.stop();
      return true;
    }
    const response = new Histogram();
    for (const one of progress) response.merge(Histogram.fromText(one.response));
    onProgress?.({
      elapsedMs,
      totalMs: plan.warmUp + plan.duration,
      warmingUp: elapsedMs < plan.warmUp,
      requests: sumOfCounts(progress.map((one) => one.counts)),
      latency: summarizeLatency(response),
    });
  }
  return false;
}
