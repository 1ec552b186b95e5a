import { z } from "zod";
import { suggest } from "../suggest.ts";
import { fieldKinds, flag, integer, name, oneOf, secret, text } from "./fields.ts";

const kinds = ["slack", "webhook", "email", "pagerduty", "log"] as const;

const email = z.strictObject({
  host: text,
  port: integer(1, 65_535).prefault(587),
  secure: flag.prefault(false),
  user: text.optional(),
  password: secret.optional(),
  from: text,
  to: z.array(text).min(1, "must name at least one address"),
});

const channel = z
  .strictObject({
    slack: z.strictObject({ url: secret }).optional(),
    webhook: z
      .strictObject({ url: secret, headers: z.record(text, secret).prefault({}) })
      .optional(),
    email: email.optional(),
    pagerduty: z.strictObject({ routingKey: secret }).optional(),
    log: z.strictObject({}).optional(),
  })
  .refine((one) => kinds.filter((kind) => one[kind] !== undefined).length === 1, {
    message: `must have exactly one of ${kinds.join(", ")}`,
  })
  // An environment that names another kind of channel means that one alone.
  .register(fieldKinds, { kind: "whole" });

const route = z.strictObject({
  level: oneOf("info", "warning", "error", "critical").prefault("error"),
  to: z.array(name).min(1, "must name at least one channel"),
});

/** Which outcomes are told to whom. */
export const notify = z
  .strictObject({
    channels: z.record(name, channel).prefault({}),
    routes: z.array(route).prefault([]),
  })
  .superRefine(({ channels, routes }, context) => {
    for (const [index, { to }] of routes.entries()) {
      for (const [position, target] of to.entries()) {
        if (Object.hasOwn(channels, target)) continue;
        const near = suggest(target, Object.keys(channels));
        context.addIssue({
          code: "custom",
          path: ["routes", index, "to", position],
          message: `is not a channel of notify.channels${near === undefined ? "" : `; did you mean ${near}?`}`,
        });
      }
    }
  })
  .prefault({});
