import { resolveSecret } from "../config/secrets.ts";
import { runShell } from "../shell/exec.ts";
import type { DatabaseInput } from "./environment-database.ts";

/** The keys of `serve.auth.keys`, in the clear. */
export async function resolveKeys(input: DatabaseInput): Promise<string[]> {
  const { settings, directory, env } = input;
  const onSecret = input.onSecret ?? (() => {});
  const surroundings = { directory, env, runShell, onSecret };
  const keys: string[] = [];
  for (const key of settings.serve.auth.keys) keys.push(await resolveSecret(key, surroundings));
  return keys;
}
