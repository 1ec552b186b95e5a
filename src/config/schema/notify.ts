import { z } from "zod";
import { suggest } from "../suggest.ts";
import { fieldKinds, flag, integer, name, oneOf, secret, text } from "./fields.ts";

const kinds = ["slack", "webhook", "email", "pagerduty", "log"] as const;

const email = z
  .strictObject({
    host: text,
    port: integer(1, 65_535).prefault(587),
    secure: flag.prefault(false),
    user: text.optional(),
    password: secret.optional(),
    from: text,
    to: z.array(text).min(1, "must name at least one address"),
  })
  .refine((one) => (one.user === undefined) === (one.password === undefined), {
    message: "must have both user and password, or neither",
  });

const webhook = z.strictObject({
  url: secret,
  headers: z.record(text, secret).prefault({}),
  /** Signs what is sent, so that the receiver can tell who sent it. */
  signingSecret: secret.optional(),
});

const pagerduty = z.strictObject({
  routingKey: secret,
  /** That of the European service is https://events.eu.pagerduty.com/v2/enqueue. */
  url: text.prefault("https://events.pagerduty.com/v2/enqueue"),
});

const channel = z
  .strictObject({
    slack: z.strictObject({ url: secret }).optional(),
    webhook: webhook.optional(),
    email: email.optional(),
    pagerduty: pagerduty.optional(),
    log: z.strictObject({}).optional(),
  })
  .refine((one) => kinds.filter((kind) => one[kind] !== undefined).length === 1, {
    message: `must have exactly one of ${kinds.join(", ")}`,
  })
  // An environment that names another kind of channel means that one alone.
  .register(fieldKinds, { kind: "whole" });

const route = z.strictObject({
  level: oneOf("info", "warning", "error", "critical").prefault("error"),
  kinds: z
    .array(oneOf("operation", "job", "health"))
    .min(1, "must name at least one kind")
    .prefault(["operation", "job", "health"]),
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
