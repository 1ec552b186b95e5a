import { z } from "zod";
import type { Spacing } from "../arrivals/intended-starts.ts";
import type { Stage } from "../arrivals/rate-profile.ts";
import { flow } from "./flow-fields.ts";
import { duration, openFields, request, someTime, thresholdField } from "./fields.ts";

/** The load of the open model. */
export interface OpenLoad {
  stages: Stage[];
  spacing: Spacing;
  maxInFlight: number;
  /** Null: as many as the highest rate and the machine's cores suggest. */
  workers: number | null;
}

const tooHeavy = "the weights add up to more than 1000";

function weighsLittle(all: readonly { weight: number }[]): boolean {
  return all.reduce((sum, one) => sum + one.weight, 0) <= 1000;
}

const fields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "not a name of lower-case letters, digits and hyphens"),
  description: z.string().default(""),
  users: z.int().min(1).max(10_000).optional(),
  /** Absent where stages tell it. */
  duration: someTime.optional(),
  /** The time in which the users start, one after the other. */
  rampUp: duration.optional(),
  /** The first part of the run: load, but not measured. The duration follows it. */
  warmUp: duration.default(0),
  /** The pause of a user between an answer and the next request. */
  thinkTime: duration.optional(),
  /** How long a request may take before it counts as failed. */
  timeout: duration
    .refine((value) => value >= 10 && value <= 600_000, "between 10ms and 10m")
    .default(10_000),
  /** Single requests, or flows of several steps. */
  requests: z.array(request).min(1).refine(weighsLittle, tooHeavy).optional(),
  flows: z.array(flow).min(1).refine(weighsLittle, tooHeavy).optional(),
  thresholds: z.array(thresholdField).default([]),
  ...openFields,
});

type Fields = z.output<typeof fields>;

const closedKeys = ["users", "rampUp", "thinkTime"] as const;
const openKeys = ["rate", "stages", "arrivals", "seed", "maxInFlight", "workers"] as const;

/** One form for both models; in its output all durations are in milliseconds. */
export const scenarioSchema = fields
  .superRefine((given, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const isOpen = given.rate !== undefined || given.stages !== undefined;
    if (!isOpen && given.users === undefined)
      refuse("users", "users, a rate, or stages are needed");
    for (const key of isOpen ? closedKeys : openKeys) {
      if (given[key] === undefined) continue;
      refuse(key, isOpen ? "not with a rate or stages" : "only with a rate or stages");
    }
    if ((given.requests === undefined) === (given.flows === undefined)) {
      refuse("requests", "either requests or flows are needed");
    }
    if (given.stages === undefined && given.duration === undefined) {
      refuse("duration", "a duration such as 30s is needed");
    }
    if (given.stages !== undefined && given.duration !== undefined) {
      refuse("duration", "the stages tell it already");
    }
    if (given.stages !== undefined && given.warmUp > 0 && (given.rate ?? 0) === 0) {
      refuse("warmUp", "needs a rate, with which the first stage begins");
    }
    if (isOpen && openLoadOf(given).stages.every(({ from, to }) => from === 0 && to === 0)) {
      refuse(given.stages === undefined ? "rate" : "stages", "nothing would be sent");
    }
  })
  .transform((given) => {
    const { name, description, warmUp, timeout, requests = [], flows = [], thresholds } = given;
    const isOpen = given.rate !== undefined || given.stages !== undefined;
    const open = isOpen ? openLoadOf(given) : null;
    const { users = 0, rampUp = 0, thinkTime = 0 } = given;
    const length = open?.stages.reduce((sum, stage) => sum + stage.duration, 0);
    return {
      name,
      description,
      users,
      duration: given.duration ?? length ?? 0,
      rampUp,
      warmUp,
      thinkTime,
      timeout,
      requests,
      flows,
      thresholds: thresholds.map(({ text }) => text),
      /** Thresholds that end the run when they are missed once so much time was measured. */
      aborts: thresholds
        .filter(({ abortOnFail }) => abortOnFail)
        .map(({ text, after }) => ({ text, after })),
      open,
    };
  });

function openLoadOf(given: Fields): OpenLoad {
  const { rate = 0, stages, seed = 1, duration: length = 0 } = given;
  let from = rate;
  const parts = (stages ?? [{ to: rate, for: length }]).map((stage): Stage => {
    const part = { from, to: stage.to, duration: stage.for };
    from = stage.to;
    return part;
  });
  return {
    stages: parts,
    spacing: given.arrivals === "poisson" ? { kind: "poisson", seed } : { kind: "constant" },
    maxInFlight: given.maxInFlight ?? defaultMaxInFlight,
    workers: given.workers ?? null,
  };
}

/** Connections that a machine with the usual limits can have open. */
export const defaultMaxInFlight = 1000;

/** A validated scenario; all durations in milliseconds. */
export type Scenario = z.output<typeof scenarioSchema> & {
  /** Each user stops after so many requests, and the run when all have. */
  requestsPerUser?: number;
};
export type ScenarioRequest = z.output<typeof request>;

/** The name under which the figures of a request are kept. */
export function tagOf({ tag, method, path }: Omit<ScenarioRequest, "weight">): string {
  return tag ?? `${method} ${path.replace(/\?.*$/s, "")}`;
}
