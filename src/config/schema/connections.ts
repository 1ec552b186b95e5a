import { z } from "zod";
import { featureVariable } from "../feature-variables.ts";
import { flag, integer, name, secretUrl, text, variableName } from "./fields.ts";

/** What the services of an environment connect to, and what they are told. */
export const connectionFields = {
  database: z
    .strictObject({
      url: secretUrl.optional(),
      pool: z
        .strictObject({
          size: integer(1, 10_000).prefault(10),
          overflow: integer(0, 10_000).prefault(20),
        })
        .prefault({}),
    })
    .prefault({}),
  redis: z
    .strictObject({
      url: secretUrl.optional(),
      connections: integer(1, 100_000).prefault(50),
      sentinel: z
        .strictObject({
          hosts: z.array(z.string().regex(/^[^\s:]+(:\d+)?$/, "must be HOST or HOST:PORT")).min(1),
          master: text.prefault("mymaster"),
        })
        .optional(),
    })
    .prefault({}),
  variables: z
    .strictObject({
      required: z.array(variableName).prefault([]),
      file: text.nullable().prefault(null),
      // Secrets that may be easy to guess: `api.DB_PASSWORD`, as studio names its place, or its name.
      tolerate: z.array(text).prefault([]),
    })
    .prefault({}),
  features: z
    .record(name, flag)
    .superRefine((features, context) => {
      const taken = new Map<string, string>();
      for (const one of Object.keys(features)) {
        const variable = featureVariable(one);
        const other = taken.get(variable);
        taken.set(variable, one);
        if (other === undefined) continue;
        const message = `is told to applications as ${variable}, and so is ${other}: rename one`;
        context.addIssue({ code: "custom", path: [one], message });
      }
    })
    .prefault({}),
};
