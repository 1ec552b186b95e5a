import { z } from "zod";
import { StudioError } from "../../errors.ts";
import { parseExpression } from "../../schedule/cron/expression.ts";
import { duration, name, oneOf, secret, shellLine, text } from "./fields.ts";

const cron = z.string().superRefine((text, context) => {
  try {
    parseExpression(text);
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    context.addIssue({ code: "custom", message: `${error.message} ${error.hint}` });
  }
});

const timezone = z.string().refine(isTimezone, "must be a time zone, such as UTC or Europe/Paris");
const overlap = oneOf("skip", "queue", "allow", "replace");
const catchUp = oneOf("none", "once", "all");

const job = z
  .strictObject({
    cron,
    /** Words of studio: `backup create --set full`. */
    run: text.optional(),
    shell: shellLine.optional(),
    /** Jobs of one group never run at the same time. */
    group: name.optional(),
    timezone: timezone.optional(),
    overlap: overlap.optional(),
    catchUp: catchUp.optional(),
    timeout: duration.optional(),
    jitter: duration.optional(),
    /** Told when a run begins and how it ends: the address of a check of healthchecks.io, or alike. */
    ping: secret.optional(),
  })
  .refine((one) => (one.run === undefined) !== (one.shell === undefined), {
    message: "must have either run or shell (null takes an inherited one away)",
  });

export const schedule = z
  .strictObject({
    defaults: z
      .strictObject({
        timezone: timezone.prefault("UTC"),
        overlap: overlap.prefault("skip"),
        catchUp: catchUp.prefault("once"),
        timeout: duration.prefault("2h"),
        jitter: duration.prefault("0s"),
      })
      .prefault({}),
    jobs: z.record(name, job).prefault({}),
  })
  .prefault({});

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone }).format(0);
    return true;
  } catch {
    return false;
  }
}
