import { setTimeout as sleep } from "node:timers/promises";
import { assertClient } from "./autocannon-client.ts";
import type { RawRequest } from "./autocannon-client.ts";
import { planRun, weightedSequence } from "./plan.ts";
import type { BenchOverrides } from "./plan.ts";
import { Recorder } from "./recorder.ts";
import type { Scenario, ScenarioRequest } from "./scenario.ts";
import type { BenchProgress, BenchSummary } from "./summary.ts";
import { resolveTarget } from "./target.ts";
import type { Endpoint, Target } from "./target.ts";
import { VirtualUser } from "./virtual-user.ts";

const progressEvery = 500;
/** A target that has not answered once by then is not there: the run is not dragged on. */
const giveUpAfter = 5000;
/** Seconds; autocannon's own end of the run must not come before ours. */
const never = 2_000_000;

export interface RunInput extends BenchOverrides {
  scenario: Scenario;
  target: Target;
  /** Ends the run early: its summary then says `interrupted`. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: BenchProgress) => void) | undefined;
}

/**
 * Puts the target under the load of a scenario's users, each of which sends its next request when
 * the one before has come to an end (a closed loop: a slow target is asked less often), and
 * measures the answers. The time of a request that opens a connection includes the opening.
 * Requests on their way at the end are waited for. A run ends early when the target has not
 * given one answer in its first five seconds.
 *
 * @throws StudioError (exit 2) when the target's address or an override makes no sense; never
 *   because of what the target does.
 */
export async function runScenario(input: RunInput): Promise<BenchSummary> {
  const plan = planRun(input.scenario, input);
  const endpoint = resolveTarget(input.target);
  const startedAt = performance.now();
  const recorder = new Recorder(startedAt + plan.warmUp);
  const interrupted = () => input.signal?.aborted === true;
  const summarize = () =>
    recorder.summarize({ scenario: plan.name, users: plan.users, interrupted: interrupted() });
  if (interrupted()) return summarize();

  const { users, finished } = await startUsers(plan, endpoint, recorder);
  try {
    const endsAt = startedAt + plan.warmUp + plan.duration;
    await waitForEnd({ ...input, plan, recorder, finished: finished.signal, startedAt, endsAt });
    recorder.close(finished.signal.aborted ? undefined : Math.min(performance.now(), endsAt));
    for (const user of users) user.stop();
    await pause(interrupted() ? 0 : plan.timeout + 100, finished.signal, input.signal);
  } finally {
    for (const user of users) user.cancel();
  }
  await finished.promise;
  return summarize();
}

interface Finish {
  promise: Promise<unknown>;
  signal: AbortSignal;
}

async function startUsers(plan: Scenario, endpoint: Endpoint, recorder: Recorder) {
  const { default: autocannon } = await import("autocannon");
  const sequence = weightedSequence(plan.requests);
  const raw = sequence.map((request) => rawRequest(request, endpoint));
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
      const first = index % raw.length;
      client.setRequests([...raw.slice(first), ...raw.slice(0, first)]);
      const options = {
        recorder,
        connect: () => endpoint.connect(),
        expects: (request: number, status: number) =>
          isExpected(sequence[(first + request) % sequence.length], status),
        startDelay: (plan.rampUp * index) / plan.users,
        thinkTime: plan.thinkTime,
        timeout: plan.timeout,
        requestLimit: plan.requestsPerUser ?? Number.POSITIVE_INFINITY,
      };
      users.push(new VirtualUser(client, options));
    },
  });
  const over = new AbortController();
  const promise = Promise.resolve(run).finally(() => over.abort());
  return { users, finished: { promise, signal: over.signal } satisfies Finish };
}

interface Waiting extends RunInput {
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
      requests: recorder.requests,
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

function rawRequest(request: ScenarioRequest, endpoint: Endpoint): RawRequest {
  const { method, path, body } = request;
  const headers = mergeHeaders(endpoint.headers, request.headers);
  const raw = { method, path: `${endpoint.basePath}${path}`, headers };
  if (body === undefined) return raw;
  if (typeof body === "string") return { ...raw, body };
  const typed = mergeHeaders({ "content-type": "application/json" }, headers);
  return { ...raw, headers: typed, body: JSON.stringify(body) };
}

/** Names in lower case, so that a later header replaces an earlier one however it is written. */
function mergeHeaders(...all: Record<string, string>[]): Record<string, string> {
  const pairs = all.flatMap((headers) => Object.entries(headers));
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

function isExpected(request: ScenarioRequest | undefined, status: number): boolean {
  const expected = request?.expect.status;
  return expected === undefined ? status >= 200 && status < 300 : expected.includes(status);
}
