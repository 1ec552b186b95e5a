import { setTimeout as sleep } from "node:timers/promises";
import { finishOf } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import { startFlowCrowd } from "./flow-crowd.ts";
import { assertClient } from "./autocannon-client.ts";
import type { RawRequest } from "./autocannon-client.ts";
import { watchEventLoop } from "../../measure/event-loop-delay.ts";
import { watchProcessors } from "../../measure/generator-health.ts";
import { summarizeLatency } from "../../measure/histogram.ts";
import { Recorder } from "../../measure/recorder.ts";
import { wholeOf } from "../../measure/recording.ts";
import { slotWidthOf } from "../../measure/summary.ts";
import { isPlain } from "../../scenario/flows.ts";
import { weightedSequence } from "../../scenario/plan.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { resolveTarget } from "../../target.ts";
import type { Endpoint } from "../../target.ts";
import { giveUpAfter, progressEvery } from "../measurement.ts";
import type { EngineInput, Measurement } from "../measurement.ts";
import { prepareRequest, statusProblem } from "../prepared-request.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import { VirtualUser } from "./virtual-user.ts";

/** Seconds; autocannon's own end of the run must not come before ours. */
const never = 2_000_000;

/**
 * Puts the target under the load of a scenario's users, each of which sends its next request when
 * the one before has come to an end (a closed loop: a slow target is asked less often), and
 * measures the answers. The time of a request that opens a connection includes the opening.
 * Requests on their way at the end are waited for. A run ends early when the target has not
 * given one answer in its first five seconds.
 *
 * @throws StudioError (exit 2) when the target's address makes no sense; never because of what
 *   the target does.
 */
export async function runClosed(input: EngineInput): Promise<Measurement> {
  const { plan } = input;
  const endpoint = resolveTarget(input.target);
  // Loading takes time that is none of the run's.
  await (isPlain(plan) ? import("autocannon") : import("../open/sender.ts"));
  const startedAt = performance.now();
  const slotMs = slotWidthOf(plan.duration);
  const recorder = new Recorder({ measureFrom: startedAt + plan.warmUp, slotWidth: slotMs });
  const [eventLoopDelay, processors] = [watchEventLoop(), watchProcessors()];
  const startTime = new Date(Date.now() + plan.warmUp).toISOString();
  const interrupted = () => input.signal?.aborted === true;
  const measured = (): Measurement => ({
    recording: recorder.recording,
    facts: {
      scenario: plan.name,
      model: "closed",
      users: plan.users,
      workers: 1,
      slotMs,
      startedAt: startTime,
      interrupted: interrupted(),
      measured: recorder.measured,
    },
    generator: { sendLag: null, eventLoopDelay: eventLoopDelay(), ...processors() },
  });
  if (interrupted()) return measured();

  const crowd = isPlain(plan)
    ? await startUsers(plan, endpoint, recorder)
    : await startFlowCrowd(plan, input.target, recorder);
  const { finished } = crowd;
  try {
    const endsAt = startedAt + plan.warmUp + plan.duration;
    await waitForEnd({ ...input, plan, recorder, finished: finished.signal, startedAt, endsAt });
    recorder.close(finished.signal.aborted ? undefined : Math.min(performance.now(), endsAt));
    crowd.stop();
    await pause(interrupted() ? 0 : plan.timeout + 100, finished.signal, input.signal);
  } finally {
    crowd.cancel();
  }
  await finished.promise;
  return measured();
}

async function startUsers(plan: Scenario, endpoint: Endpoint, recorder: Recorder): Promise<Crowd> {
  const { default: autocannon } = await import("autocannon");
  const sequence = weightedSequence(plan.requests).map((one) => prepareRequest(one, endpoint));
  const at = (index: number) => sequence[index % sequence.length] ?? noRequest();
  const users: VirtualUser[] = [];
  const run = autocannon({
    url: endpoint.origin,
    connections: plan.users,
    duration: never,
    sampleInt: 20,
    setupClient: (client) => {
      assertClient(client);
      const index = users.length;
      // Each user begins elsewhere in the sequence, so that they do not all send the same at once.
      const first = index % sequence.length;
      client.setRequests([...sequence.slice(first), ...sequence.slice(0, first)].map(rawOf));
      const options = {
        recorder,
        connect: () => endpoint.connect(),
        problem: (request: number, status: number) => statusProblem(at(first + request), status),
        tag: (request: number) => at(first + request).tag,
        startDelay: (plan.rampUp * index) / plan.users,
        thinkTime: plan.thinkTime,
        timeout: plan.timeout,
        requestLimit: plan.requestsPerUser ?? Number.POSITIVE_INFINITY,
      };
      users.push(new VirtualUser(client, options));
    },
  });
  return {
    stop() {
      for (const user of users) user.stop();
    },
    cancel() {
      for (const user of users) user.cancel();
    },
    finished: finishOf(Promise.resolve(run)),
  };
}

interface Waiting extends EngineInput {
  plan: Scenario;
  recorder: Recorder;
  finished: AbortSignal;
  startedAt: number;
  endsAt: number;
}

/** Until the time is up, all users are done, the run is interrupted, or the target is not there. */
async function waitForEnd(waiting: Waiting): Promise<void> {
  const { plan, recorder, finished, signal, startedAt, endsAt, onProgress } = waiting;
  const isOver = () => finished.aborted || signal?.aborted === true;
  while (!isOver()) {
    const now = performance.now();
    onProgress?.({
      elapsedMs: now - startedAt,
      totalMs: endsAt - startedAt,
      warmingUp: now < startedAt + plan.warmUp,
      requests: recorder.counts,
      latency: summarizeLatency(wholeOf(recorder.recording).response),
    });
    if (now >= endsAt) return;
    if (recorder.answers === 0 && recorder.failures > 0 && now - startedAt > giveUpAfter) return;
    await pause(Math.min(progressEvery, endsAt - now), finished, signal);
  }
}

/** Sleeps until the time is over or one of the signals comes. */
async function pause(milliseconds: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
  const given = signals.filter((signal) => signal !== undefined);
  await sleep(milliseconds, undefined, { signal: AbortSignal.any(given) }).catch(() => undefined);
}

function rawOf({ method, path, headers, body }: PreparedRequest): RawRequest {
  return { method, path, headers, ...(body === undefined ? {} : { body }) };
}

function noRequest(): never {
  throw new Error("A scenario without a request was let through.");
}
