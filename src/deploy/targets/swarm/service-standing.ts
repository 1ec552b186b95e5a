import {
  type SwarmService,
  type SwarmTask,
  type UpdateState,
  definitionOf,
  hasFailed,
  isUp,
} from "./services.ts";

/** Where a service is on its way to what it is to be. */
export type Standing =
  /** It is that, and Swarm has nothing more to do. */
  | { state: "settled" }
  /** `reached`: how far it has come; it only grows, so that a wait for more of it has an end. */
  | { state: "moving"; doing: string; reached: number }
  /** It will not be, whatever is waited for. */
  | { state: "failed"; reason: string };

export interface Wanted {
  name: string;
  /** Hash of the definition that it is to run. */
  definition: string;
}

/** How often each of its tasks may end before a service that was just made counts as one that cannot run. */
const patience = 3;

/**
 * Compares a service with what it is to be. Swarm calls a task running once it is healthy; an update
 * is over when its last task was looked at for as long as `monitor` says.
 * @param service null where there is none
 */
export function standingOf(
  wanted: Wanted,
  service: SwarmService | null,
  tasks: readonly SwarmTask[],
): Standing {
  const { name, definition } = wanted;
  if (service === null) return failed(`${name} is not there`);
  const update = service.update?.state ?? null;
  const words = service.update?.message ?? "";
  const own = tasks.filter((one) => one.service === name && definitionOf(one) === definition);
  const up = own.filter(isUp).length;
  if (definitionOf(service) !== definition) return whereElse(name, update, words);
  if (update === "paused") return failed(`Swarm stopped the update of ${name} half-way (${words})`);
  if (update === "rollback_paused") {
    return failed(`Swarm stopped its rollback of ${name} half-way (${words})`);
  }
  const replicas = service.replicas ?? Math.max(1, own.filter(wantedUp).length);
  // One that Swarm took for sick ends well too, when it ends as it is asked to.
  const complete = own.filter(({ state }) => state === "complete").length;
  const done = up + (service.goesOn ? 0 : complete);
  const ends = own.filter(hasFailed).length + (service.goesOn ? complete : 0);
  const doing = `${name} ${Math.min(up, replicas)} of ${replicas}`;
  if (update === "updating" || update === "rollback_started") {
    const isThere = done >= replicas;
    return {
      state: "moving",
      doing: isThere ? `${doing}, looked at for a while` : doing,
      reached: done + (isThere ? 1 : 0),
    };
  }
  if (done >= replicas) return { state: "settled" };
  if (ends >= patience * replicas) {
    return failed(`${name} ends again and again`);
  }
  return { state: "moving", doing, reached: done };
}

const wantedUp = ({ desired }: SwarmTask): boolean => desired === "running";

/** It was given the definition, and has another. */
function whereElse(name: string, update: UpdateState | null, words: string): Standing {
  if (update === "rollback_started") {
    return { state: "moving", doing: `Swarm rolls ${name} back`, reached: 0 };
  }
  if (update === "rollback_completed") return failed(`Swarm rolled ${name} back (${words})`);
  if (update === "rollback_paused") {
    return failed(`Swarm began to roll ${name} back and stopped half-way (${words})`);
  }
  return failed(`${name} was given another definition meanwhile`);
}

const failed = (reason: string): Standing => ({ state: "failed", reason });
