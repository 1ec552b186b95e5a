import { availableParallelism } from "node:os";
import type { Stage } from "../../arrivals/rate-profile.ts";
import { slotWidthOf } from "../../measure/summary.ts";
import { weightedSequence } from "../../scenario/plan.ts";
import type { OpenLoad, Scenario } from "../../scenario/schema.ts";
import { resolveTarget } from "../../target.ts";
import type { Target } from "../../target.ts";
import { prepareRequest } from "../prepared-request.ts";
import type { GeneratorTask } from "./protocol.ts";

/** Requests a second that one thread sends in time on a usual machine, with room to spare. */
const rateOfOneWorker = 2000;

/** Bytes of the longest body that is read to its end. */
const longestBody = 64 * 2 ** 20;

/**
 * One task for each generator thread.
 *
 * @throws StudioError (exit 2) when the target's address makes no sense
 */
export function generatorTasks(plan: Scenario, load: OpenLoad, target: Target): GeneratorTask[] {
  const { origin: whole, basePath, headers, socketPath, insecure } = resolveTarget(target);
  const { origin, authorization } = splitOrigin(whole);
  const own = { ...authorization, ...headers };
  const { warmUp, timeout } = plan;
  const first = load.stages[0]?.from ?? 0;
  const warming: Stage[] = warmUp === 0 ? [] : [{ from: first, to: first, duration: warmUp }];
  const shared = {
    stages: [...warming, ...load.stages],
    spacing: load.spacing,
    warmUp,
    slotMs: slotWidthOf(plan.duration),
    sequence: weightedSequence(plan.requests).map((one) =>
      prepareRequest(one, { basePath, headers: own }),
    ),
    connection: { origin, socketPath, insecure, timeout, longestBody },
  };
  const workers = load.workers ?? suggestedWorkers(load.stages);
  return Array.from({ length: workers }, (_, worker) => {
    // The shares add up to the whole, and none is empty.
    const share = Math.floor(((worker + 1) * load.maxInFlight) / workers);
    const before = Math.floor((worker * load.maxInFlight) / workers);
    return { ...shared, worker, workers, maxInFlight: Math.max(1, share - before) };
  });
}

function suggestedWorkers(stages: readonly Stage[]): number {
  const highest = Math.max(...stages.flatMap(({ from, to }) => [from, to]));
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(highest / rateOfOneWorker)));
}

/** undici takes no user and password in an address: they go as a header (RFC 7617). */
function splitOrigin(whole: string): { origin: string; authorization: Record<string, string> } {
  const { origin, username, password } = new URL(whole);
  if (username === "") return { origin, authorization: {} };
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const credentials = Buffer.from(text).toString("base64");
  return { origin, authorization: { authorization: `Basic ${credentials}` } };
}
