import { resolveSecret } from "../config/secrets.ts";
import type { DaemonSpec, RedisAddress } from "../server/daemon-spec.ts";
import { runShell } from "../shell/exec.ts";
import { resolveKeys, resolveMetricsToken } from "./environment-keys.ts";
import type { DatabaseInput } from "./environment-database.ts";

/** What a daemon is told of the environment's settings, secrets in the clear. */
export async function daemonSettings(
  input: DatabaseInput,
): Promise<Required<Pick<DaemonSpec, "serve" | "keys" | "metricsToken" | "redis">>> {
  const { serve, domains } = input.settings;
  return {
    serve: { ...serve, hosts: [...serve.hosts, ...domains] },
    keys: await resolveKeys(input),
    metricsToken: await resolveMetricsToken(input),
    redis: await resolveRedis(input),
  };
}

async function resolveRedis(input: DatabaseInput): Promise<RedisAddress | null> {
  const { settings, directory, env } = input;
  const { url, sentinel = null } = settings.redis;
  if (url === undefined) return sentinel === null ? null : { url: null, sentinel };
  const onSecret = input.onSecret ?? (() => {});
  return { url: await resolveSecret(url, { directory, env, runShell, onSecret }), sentinel };
}
