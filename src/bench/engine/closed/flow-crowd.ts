import type { Recorder } from "../../measure/recorder.ts";
import { flowsOf } from "../../scenario/flows.ts";
import { weightedSequence } from "../../scenario/plan.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Target } from "../../target.ts";
import { FlowPlayer } from "../flows/flow-player.ts";
import { prepareFlow } from "../flows/prepared-flow.ts";
import { senderTarget } from "../open/connection.ts";
import { finishOf } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import { FlowUsers } from "./flow-users.ts";

/** Starts users that play flows, which autocannon's client cannot. */
export async function startFlowCrowd(
  plan: Scenario,
  target: Target,
  recorder: Recorder,
): Promise<Crowd> {
  const { Sender } = await import("../open/sender.ts");
  const { connection, place } = senderTarget(target, plan.timeout);
  const prepared = flowsOf(plan).map((flow) => {
    return { weight: flow.weight, flow: prepareFlow(flow, place) };
  });
  const sequence = weightedSequence(prepared).map(({ flow }) => flow);
  const sender = new Sender(connection);
  const player = new FlowPlayer(recorder, sender);
  const { users, rampUp, thinkTime } = plan;
  const crowd = new FlowUsers({ player, sequence, users, rampUp, thinkTime });
  const done = crowd.finished.promise.then(() => sender.close());
  return {
    stop: () => crowd.stop(),
    cancel() {
      crowd.stop();
      player.stop();
      crowd.finished.resolve();
    },
    finished: finishOf(done),
  };
}
