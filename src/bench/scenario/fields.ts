import { z } from "zod";
import { parseDuration } from "../../config/quantity.ts";
import { StudioError } from "../../errors.ts";
import { parseThreshold } from "../judge/threshold.ts";

const longest = 7 * 24 * 3_600_000;

/** What another reader refuses, with its hint, becomes one of the scenario's problems. */
function attempt<T>(read: () => T, context: z.RefinementCtx): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const message = `${error.message} ${error.hint ?? ""}`.trimEnd();
    context.addIssue({ code: "custom", message });
    return undefined;
  }
}

/** Milliseconds of a text such as 30s. */
export const duration = z
  .string("not a duration such as 30s")
  .transform((text, context) => attempt(() => parseDuration(text), context) ?? z.NEVER)
  .refine((milliseconds) => milliseconds <= longest, "longer than a week");

export const someTime = duration.refine((value) => value > 0, "must be longer than nothing");

const threshold = z.string().superRefine((text, context) => {
  attempt(() => parseThreshold(text), context);
});

/** A text, or one that ends the run as soon as it is missed. */
export const thresholdField = z.preprocess(
  (given) => (typeof given === "string" ? { threshold: given } : given),
  z
    .strictObject({
      threshold,
      abortOnFail: z.boolean().default(false),
      /** Milliseconds of the measured time in which it may still be missed. */
      after: duration.default(5000),
    })
    .refine(
      ({ threshold: text, abortOnFail }) =>
        !abortOnFail || /^(p\d|mean|min|max|errors)[^{]*$/i.test(text.trim()),
      "only times and errors of the whole run can end it",
    )
    .transform(({ threshold: text, ...rest }) => ({ text, ...rest })),
);

const framing = ["connection", "content-length", "transfer-encoding"];
const oneLine = (text: string) => !/[\r\n\0]/.test(text);

const headers = z
  .record(
    z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "not a header name"),
    z.string().refine(oneLine, "a header value is one line"),
  )
  .refine(
    (given) => !Object.keys(given).some((name) => framing.includes(name.toLowerCase())),
    `${framing.join(", ")} are set by studio itself`,
  );

export function isExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const statusForm = "a status from 200 to 599, or a list of them";
const status = z.int().min(200).max(599);

export const request = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  path: z.string().regex(/^\/[^\s#]*$/, "a path starts with / and holds no blanks"),
  /** The name under which its figures are kept; absent: method and path. */
  tag: z
    .string()
    .regex(/^[^\s{}<>=]+$/, "a tag holds no blanks and none of {}<>=")
    .optional(),
  headers: headers.default({}),
  /** Text is sent as it is, anything else as JSON. */
  body: z.json().optional(),
  /** How often beside the other requests. */
  weight: z.int().min(1).max(1000).default(1),
  /** Absent: any status from 200 to 299. */
  expect: z
    .strictObject({
      status: z
        .union([status.transform((code) => [code]), z.array(status).min(1)], statusForm)
        .optional(),
      /** Each holds this text. */
      headers: z.record(z.string(), z.string()).optional(),
      body: z
        .strictObject({
          contains: z.string().optional(),
          matches: z.string().refine(isExpression, "not a regular expression").optional(),
          /** By a path such as `items.0.id`. */
          json: z
            .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
            .optional(),
        })
        .optional(),
      /** Milliseconds; an answer that takes longer has failed, though it came. */
      latency: someTime.optional(),
    })
    .default({}),
});

const rate = z.number().min(0).max(100_000);

/** Of the open model: requests that come at a rate, whatever becomes of those before. */
export const openFields = {
  /** Requests a second; with stages, the rate that the first one begins with. */
  rate: rate.optional(),
  /** Each goes from the rate before to its own in a straight line. */
  stages: z
    .array(z.strictObject({ to: rate, for: someTime }))
    .min(1)
    .optional(),
  /** At even distances, or as independent callers come. */
  arrivals: z.enum(["constant", "poisson"]).optional(),
  /** Repeats the same Poisson arrivals. */
  seed: z.int().min(0).max(4_294_967_295).optional(),
  /** More requests on their way than these are not sent, but counted as dropped. */
  maxInFlight: z.int().min(1).max(100_000).optional(),
  /** Threads; together they send at the rate. */
  workers: z.int().min(1).max(64).optional(),
};
