import { availableParallelism } from "node:os";
import type { Stage } from "../../arrivals/rate-profile.ts";
import { slotWidthOf } from "../../measure/summary.ts";
import { flowsOf } from "../../scenario/flows.ts";
import { weightedSequence } from "../../scenario/plan.ts";
import type { OpenLoad, Scenario } from "../../scenario/schema.ts";
import type { Target } from "../../target.ts";
import { prepareFlow } from "../flows/prepared-flow.ts";
import { senderTarget } from "./connection.ts";
import type { GeneratorTask } from "./protocol.ts";

/** Requests a second that one thread sends in time on a usual machine, with room to spare. */
const rateOfOneWorker = 2000;

/**
 * One task for each generator thread.
 *
 * @throws StudioError (exit 2) when the target's address makes no sense
 */
export function generatorTasks(plan: Scenario, load: OpenLoad, target: Target): GeneratorTask[] {
  const { warmUp, timeout } = plan;
  const { connection, place } = senderTarget(target, timeout);
  const given = flowsOf(plan);
  const flows = given.map((one) => prepareFlow(one, place));
  const weights = given.map(({ weight }, index) => ({ weight, index }));
  const first = load.stages[0]?.from ?? 0;
  const warming: Stage[] = warmUp === 0 ? [] : [{ from: first, to: first, duration: warmUp }];
  const shared = {
    stages: [...warming, ...load.stages],
    spacing: load.spacing,
    warmUp,
    slotMs: slotWidthOf(plan.duration),
    flows,
    sequence: weightedSequence(weights).map(({ index }) => index),
    connection,
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
