import { z } from "zod";
import { duration, flag, integer, name, oneOf, secret, text } from "./fields.ts";

const count = (kept: number) => integer(0, 100_000).prefault(kept);

/** What one `backup create --set NAME` takes. */
const backupSet = z.strictObject({
  files: z.array(text).prefault([]),
  /** Logs not older than this, in milliseconds. */
  logs: duration.optional(),
  database: flag.prefault(false),
  ledger: flag.prefault(false),
});

export const backup = z
  .strictObject({
    repository: z
      .string()
      .regex(/^(?!\w+:\/\/[^/]*@)\S/, "must be a folder or s3://BUCKET/PREFIX, without a password")
      .prefault(".studio/backups"),
    s3: z
      .strictObject({
        endpoint: z
          .string()
          .regex(/^https?:\/\/[^\s@]+$/, "must be an http or https address without a password")
          .optional(),
        region: text.optional(),
        accessKeyId: secret.prefault({ env: "AWS_ACCESS_KEY_ID" }),
        secretAccessKey: secret.prefault({ env: "AWS_SECRET_ACCESS_KEY" }),
        /** Of temporary keys. */
        sessionToken: secret.optional(),
        /** The bucket is part of the path; by default where there is an endpoint. */
        pathStyle: flag.optional(),
        /** What snapshots consist of cannot be removed before. */
        objectLock: z
          .strictObject({ mode: oneOf("governance", "compliance"), days: integer(1, 36_500) })
          .optional(),
      })
      .prefault({}),
    recipients: z
      .array(z.string().startsWith("age1", "must be an age public key, which starts with age1"))
      .prefault([]),
    exclude: z.array(text).prefault(["**/*.tmp"]),
    sets: z.record(name, backupSet).prefault({}),
    retention: z
      .strictObject({
        last: count(7),
        hourly: count(24),
        daily: count(30),
        weekly: count(8),
        monthly: count(12),
        yearly: count(0),
        /** Never fewer snapshots than this. */
        floor: integer(1, 100_000).prefault(3),
        /** Snapshots with one of these tags always stay. */
        tags: z.array(text).prefault(["keep"]),
      })
      .prefault({}),
  })
  .prefault({});
