import { z } from "zod";
import { bytes, duration, integer, shellLine, text } from "./fields.ts";

const hooks = z.array(shellLine).prefault([]);

/** How a deploy proves a release, and what it keeps. */
export const deploy = z
  .strictObject({
    require: z
      .strictObject({ memory: bytes.prefault("4GB"), disk: bytes.prefault("10GB") })
      .prefault({}),
    health: z
      .strictObject({
        path: z
          .string()
          .regex(/^\/\S*$/, "must be a path that starts with /")
          .prefault("/health/ready"),
        timeout: duration.prefault("60s"),
        passes: integer(1, 1000).prefault(3),
      })
      .prefault({}),
    gate: z
      .strictObject({
        scenario: text.prefault("smoke"),
        duration: duration.prefault("10s"),
        thresholds: z.array(text).prefault(["p95<500ms", "errors<1%"]),
      })
      .prefault({}),
    watch: z
      .strictObject({
        for: duration.prefault("60s"),
        thresholds: z.array(text).prefault(["errors<1%"]),
      })
      .prefault({}),
    drain: duration.prefault("30s"),
    undoWindow: duration.prefault("10m"),
    keepReleases: integer(1, 1000).prefault(5),
    hooks: z.strictObject({ before: hooks, after: hooks, failed: hooks }).prefault({}),
  })
  .prefault({});

export const migrate = z
  .strictObject({
    directory: text.prefault("migrations"),
    // What the schema is meant to be: written by `migrate dump`, read by `check` and `--autogenerate`.
    schema: text.prefault("migrations/schema.yaml"),
    lockTimeout: duration.prefault("3s"),
  })
  .prefault({});
