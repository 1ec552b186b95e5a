import type { Flow } from "./flow-fields.ts";
import { tagOf } from "./schema.ts";
import type { Scenario } from "./schema.ts";
import { variablesIn } from "./template.ts";

/** What a scenario plays: its flows, or each of its requests as a flow of one step. */
export function flowsOf({ flows, requests }: Pick<Scenario, "flows" | "requests">): Flow[] {
  if (flows.length > 0) return flows;
  return requests.map(({ weight, ...request }) => {
    const step = { ...request, capture: {}, pause: 0 };
    return { name: tagOf(request), weight, feed: null, steps: [step] };
  });
}

/** The names under which the requests of a scenario are counted. */
export function tagsOf(scenario: Pick<Scenario, "flows" | "requests">): string[] {
  return flowsOf(scenario).flatMap(({ steps }) => steps.map(tagOf));
}

/** Whether it is nothing but requests that are judged by their status. */
export function isPlain(scenario: Pick<Scenario, "flows" | "requests">): boolean {
  return flowsOf(scenario).every(({ feed, steps }) => {
    const [step, second] = steps;
    if (feed !== null || step === undefined || second !== undefined) return false;
    const { status: _, ...more } = step.expect;
    const expectsMore = Object.values(more).some((one) => one !== undefined);
    return !expectsMore && variablesIn(step).length === 0 && Object.keys(step.capture).length === 0;
  });
}
