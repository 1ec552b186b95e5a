import { z } from "zod";
import { integer, oneOf, text } from "./fields.ts";

const host = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;

/** Where an environment runs. */
export const targetFields = {
  target: oneOf("local", "compose", "swarm").prefault("local"),
  ssh: z
    .string()
    // A leading dash would be read by ssh as an option.
    .regex(
      /^(?!-)([^\s@:/]+@(?!-))?[^\s@/]+$/,
      "must be USER@HOST, HOST or a name of the ssh config",
    )
    .nullable()
    .prefault(null),
  compose: z
    .strictObject({
      files: z.array(text).min(1, "must name at least one file").prefault(["compose.yaml"]),
      profiles: z.array(text).prefault([]),
      proxy: oneOf("nginx", "none").prefault("nginx"),
    })
    .prefault({}),
  swarm: z.strictObject({ replicas: integer(1, 1000).prefault(3) }).prefault({}),
  domains: z.array(z.string().regex(host, "must be a host name")).prefault([]),
};
