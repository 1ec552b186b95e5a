import { resolveSecret } from "../config/secrets.ts";
import { runShell } from "../shell/exec.ts";
import type { DatabaseInput } from "./environment-database.ts";

/** The keys of `serve.auth.keys`, in the clear. */
export async function resolveKeys(input: DatabaseInput): Promise<string[]> {
  const keys: string[] = [];
  for (const key of input.settings.serve.auth.keys) {
    keys.push(await resolveSecret(key, surroundingsOf(input)));
  }
  return keys;
}

/** `serve.auth.metricsToken`, in the clear; null where there is none. */
export async function resolveMetricsToken(input: DatabaseInput): Promise<string | null> {
  const { metricsToken } = input.settings.serve.auth;
  return metricsToken === undefined ? null : resolveSecret(metricsToken, surroundingsOf(input));
}

function surroundingsOf({ directory, env, onSecret = () => {} }: DatabaseInput) {
  return { directory, env, runShell, onSecret };
}
