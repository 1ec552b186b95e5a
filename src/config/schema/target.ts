import { z } from "zod";
import { duration, fieldKinds, integer, oneOf, text } from "./fields.ts";

const host = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;

const sshHost = z
  .string()
  // A leading dash would be read by ssh as an option.
  .regex(
    /^(?!-)([^\s@:/]+@(?!-))?[^\s@/]+$/,
    "must be USER@HOST, HOST or a name of the ssh config",
  );

/** The host that an environment runs on, and its folder there (default: in the user's home). */
const ssh = z
  .union(
    [
      z.strictObject({
        host: sshHost,
        port: integer(1, 65_535).nullable().prefault(null),
        path: text.nullable().prefault(null),
      }),
      sshHost.transform((host) => ({ host, port: null, path: null })),
    ],
    { error: "must be USER@HOST, HOST or a name of the ssh config, or { host, port, path }" },
  )
  .register(fieldKinds, { kind: "whole" });

/** Where an environment runs. */
export const targetFields = {
  target: oneOf("local", "compose", "swarm").prefault("local"),
  ssh: ssh.nullable().prefault(null),
  compose: z
    .strictObject({
      files: z.array(text).min(1, "must name at least one file").prefault(["compose.yaml"]),
      profiles: z.array(text).prefault([]),
      proxy: oneOf("nginx", "caddy", "haproxy", "none").prefault("nginx"),
      // A stack of which two releases cannot run at once is deployed with a gap, or not at all.
      gap: oneOf("allow", "refuse").prefault("allow"),
    })
    .prefault({}),
  swarm: z
    .strictObject({
      replicas: integer(1, 1000).prefault(3),
      // How long Swarm looks on after each task of an update before it believes in it.
      monitor: duration.prefault("30s"),
    })
    .prefault({}),
  domains: z.array(z.string().regex(host, "must be a host name")).prefault([]),
};
