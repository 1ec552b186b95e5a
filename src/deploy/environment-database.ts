import { join } from "node:path";
import type { Settings } from "../config/schema.ts";
import { resolveSecret } from "../config/secrets.ts";
import { type DatabaseAddress, parseDatabaseUrl } from "../database/address.ts";
import { runShell } from "../shell/exec.ts";

export interface DatabaseInput {
  settings: Settings;
  directory: string;
  env: Record<string, string | undefined>;
  /** Told the secret parts, so that they can be masked in output. */
  onSecret?: (value: string) => void;
}

/** The environment's database: the configured one, or a SQLite file beside the state. */
export async function resolveDatabase(input: DatabaseInput): Promise<DatabaseAddress> {
  const { settings, directory, env } = input;
  const { url } = settings.database;
  if (url === undefined) {
    const file = join(directory, ".studio", "data", "studio.db");
    return { dialect: "sqlite", file, url: `sqlite:${file}` };
  }
  const onSecret = input.onSecret ?? (() => {});
  return parseDatabaseUrl(
    await resolveSecret(url, { directory, env, runShell, onSecret }),
    directory,
  );
}
