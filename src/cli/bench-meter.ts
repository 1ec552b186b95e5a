import type { RunProgress } from "../bench/run.ts";
import { roughDuration } from "../format/rough.ts";
import type { Context } from "./context.ts";
import { createMeter } from "./meter.ts";

/** Shows how a load test stands while it runs, on a terminal; the line goes when the run ends. */
export async function showRun<Result>(
  context: Pick<Context, "stderr" | "terminal" | "env" | "options" | "masker">,
  run: (onProgress: (progress: RunProgress) => void) => Promise<Result>,
): Promise<Result> {
  const meter = createMeter(context);
  let before: RunProgress | null = null;
  const onProgress = (progress: RunProgress) => {
    meter.say(runLine(progress, before));
    before = progress;
  };
  return run(onProgress).finally(() => meter.close());
}

/**
 * `smoke  171/s  p50 1.9 p95 8.0 p99 22.9 ms  errors 0.0 %  12 s left`: the rate of now, the rest of
 * the run so far.
 * @param before the progress that was told last
 */
export function runLine(progress: RunProgress, before: RunProgress | null): string {
  const { scenario, play, plays, warmingUp } = progress;
  const parts = [
    plays === 1 ? scenario : `${scenario} ${play} of ${plays}`,
    ...(warmingUp ? ["warming up"] : figuresOf(progress, before?.play === play ? before : null)),
    remaining(progress),
  ];
  return parts.join("  ");
}

function figuresOf(progress: RunProgress, before: RunProgress | null): string[] {
  const { requests, latency } = progress;
  const { ok, failed } = requests;
  const ended = ok + failed;
  const share = ended === 0 ? 0 : (100 * failed) / ended;
  return [
    `${rateOf(progress, before).toFixed(0)}/s`,
    latency === null
      ? "no answer yet"
      : `p50 ${times(latency.p50)} p95 ${times(latency.p95)} p99 ${times(latency.p99)} ms`,
    `errors ${share.toFixed(1)} %`,
  ];
}

/** Requests answered as expected, a second, since the last look; 0 at the first one. */
function rateOf({ requests, elapsedMs }: RunProgress, before: RunProgress | null): number {
  const seconds = (elapsedMs - (before?.elapsedMs ?? 0)) / 1000;
  return seconds <= 0 ? 0 : Math.max(0, requests.ok - (before?.requests.ok ?? 0)) / seconds;
}

function remaining(progress: RunProgress): string {
  const { play, plays, elapsedMs, totalMs, requests, requestsOfAll } = progress;
  if (requestsOfAll !== null) return `${requests.ok + requests.failed} of ${requestsOfAll}`;
  // Past its time a run waits for the last answers.
  if (elapsedMs >= totalMs) return "last answers";
  const seconds = Math.ceil((totalMs - elapsedMs + (plays - play) * totalMs) / 1000);
  return `${seconds < 60 ? `${seconds} s` : roughDuration(seconds * 1000)} left`;
}

/** Three figures, and no more than a column of them needs. */
function times(milliseconds: number): string {
  return milliseconds < 100 ? milliseconds.toPrecision(3) : milliseconds.toFixed(0);
}
