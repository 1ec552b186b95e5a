import type { Feed, Flow, Step } from "../../scenario/flow-fields.ts";
import { fillTemplate, variablesIn } from "../../scenario/template.ts";
import type { Endpoint } from "../../target.ts";
import { prepareRequest } from "../prepared-request.ts";
import type { PreparedRequest } from "../prepared-request.ts";

/** A flow as it is played against one target; plain data, which can go to another thread. */
export interface PreparedFlow {
  feed: Pick<Feed, "order" | "rows"> | null;
  steps: PreparedStep[];
}

export interface PreparedStep extends PreparedRequest {
  expect: Step["expect"];
  capture: Step["capture"];
  pause: number;
  /** Its body is looked at. */
  readsBody: boolean;
  /** It holds `{{names}}`. */
  isTemplate: boolean;
  bodyIsJson: boolean;
}

export function prepareFlow(
  { feed, steps }: Flow,
  place: Pick<Endpoint, "basePath" | "headers">,
): PreparedFlow {
  return { feed, steps: steps.map((step) => prepareStep(step, place)) };
}

function prepareStep(step: Step, place: Pick<Endpoint, "basePath" | "headers">): PreparedStep {
  const { expect, capture, pause, body } = step;
  const captured = Object.values(capture).some(({ header }) => header === undefined);
  return {
    ...prepareRequest({ ...step, weight: 1 }, place),
    expect,
    capture,
    pause,
    readsBody: captured || expect.body !== undefined,
    isTemplate: variablesIn(step).length > 0,
    bodyIsJson: body !== undefined && typeof body !== "string",
  };
}

/** The request with the values in it, each so that it cannot become more than a value. */
export function fillStep(
  step: PreparedStep,
  values: Readonly<Record<string, string>>,
): PreparedRequest {
  if (!step.isTemplate) return step;
  const headers = Object.entries(step.headers).map(([name, text]) => {
    return [
      name,
      fillTemplate(text, values, (value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, "")),
    ];
  });
  const path = fillTemplate(step.path, values, encodeURIComponent);
  const filled = { ...step, path, headers: Object.fromEntries(headers) as Record<string, string> };
  if (step.body === undefined) return filled;
  const write = step.bodyIsJson
    ? (value: string) => JSON.stringify(value).slice(1, -1)
    : (value: string) => value;
  return { ...filled, body: fillTemplate(step.body, values, write) };
}
