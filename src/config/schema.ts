import { z } from "zod";
import { backup } from "./schema/backup.ts";
import { connectionFields } from "./schema/connections.ts";
import { deploy, migrate } from "./schema/deploy.ts";
import { text } from "./schema/fields.ts";
import { notify } from "./schema/notify.ts";
import { schedule } from "./schema/schedule.ts";
import { log, serve } from "./schema/serve.ts";
import { targetFields } from "./schema/target.ts";

/** Every key that may stand at the top of studio.yaml and inside an environment. */
export const settingsSchema = z.strictObject({
  ...targetFields,
  ...connectionFields,
  deploy,
  migrate,
  backup,
  schedule,
  notify,
  bench: z
    .strictObject({ directory: text.prefault("benchmarks"), baseline: text.prefault("main") })
    .prefault({}),
  serve,
  log,
});

/**
 * Everything about one environment, resolved: durations in milliseconds, sizes in bytes, secrets
 * by reference. Plain JSON, free of secret values.
 */
export type Settings = z.output<typeof settingsSchema>;

const projectName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be lower-case letters, digits and dashes, 63 at most",
  );

/** An environment's name becomes part of file names, such as that of its lock. */
const environmentName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be lower-case letters, digits and dashes, 63 at most",
  );

/** The two keys that are not settings. */
export const headingSchema = z.object({
  name: projectName.optional(),
  environments: z.record(environmentName, z.looseObject({}).nullable()).nullish(),
});

/** The JSON Schema of studio.yaml, for editors. */
export function configurationJsonSchema(): unknown {
  const environments = z.record(environmentName, settingsSchema).optional();
  const file = settingsSchema.extend({ name: projectName.optional(), environments });
  return z.toJSONSchema(file, { io: "input", unrepresentable: "any" });
}
