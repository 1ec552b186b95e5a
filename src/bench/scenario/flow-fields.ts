import { z } from "zod";
import { duration, isExpression, request } from "./fields.ts";
import { variablesIn } from "./template.ts";

const name = z
  .string()
  .regex(/^[A-Za-z_][\w.-]*$/, "a name begins with a letter and has no blanks");

/** Where a value is taken from in an answer. */
const capture = z
  .strictObject({
    /** A path into the JSON of the body: `items.0.id`. */
    json: z.string().min(1).optional(),
    /** The name of a header. */
    header: z.string().min(1).optional(),
    /** A regular expression on the body; its first group, or all of it. */
    regex: z.string().min(1).refine(isExpression, "not a regular expression").optional(),
  })
  .refine((given) => Object.keys(given).length === 1, "one of json, header, regex is needed");

const step = request.omit({ weight: true }).extend({
  capture: z.record(name, capture).default({}),
  /** Milliseconds after its answer, before the next step. */
  pause: duration.default(0),
});

const feed = z
  .strictObject({
    /** Beside the scenario: .csv with a line of names, or .jsonl. */
    file: z.string().regex(/\.(csv|jsonl)$/i, "a file that ends in .csv or .jsonl"),
    /** unique: each row once, and then no more of the flow. */
    order: z.enum(["sequential", "random", "unique"]).default("sequential"),
  })
  .transform((given): Feed => ({ ...given, rows: [] }));

/** Rows that a flow is played with, one at each time. */
export interface Feed {
  file: string;
  order: "sequential" | "random" | "unique";
  /** Read from the file when the scenario is loaded. */
  rows: Record<string, string>[];
}

/** Steps that one user takes, one after the other; the first that fails is the last. */
export const flow = z
  .strictObject({
    name,
    weight: z.int().min(1).max(1000).default(1),
    feed: feed.nullable().default(null),
    steps: z.array(step).min(1).max(100),
  })
  .superRefine(({ feed: given, steps }, context) => {
    // The columns of a feed are known once it is read.
    if (given !== null) return;
    const known = new Set<string>();
    for (const [index, one] of steps.entries()) {
      for (const variable of variablesIn(one)) {
        if (known.has(variable)) continue;
        const message = `{{${variable}}} is captured by no earlier step, and there is no feed`;
        context.addIssue({ code: "custom", message, path: ["steps", index] });
      }
      for (const captured of Object.keys(one.capture)) known.add(captured);
    }
  });

export type Flow = z.output<typeof flow>;
export type Step = Flow["steps"][number];
