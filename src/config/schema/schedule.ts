import { z } from "zod";
import { duration, name, oneOf, shellLine, text } from "./fields.ts";

const fields = /^(\S+\s+){4}\S+$/;
const nicknames = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/;

const timezone = z.string().refine(isTimezone, "must be a time zone, such as UTC or Europe/Paris");
const overlap = oneOf("skip", "queue", "allow", "replace");
const catchUp = oneOf("none", "once", "all");

const job = z
  .strictObject({
    cron: z
      .string()
      .refine(
        (line) => fields.test(line) || nicknames.test(line),
        "must be five cron fields, such as 0 2 * * *, or a word such as @daily",
      ),
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
