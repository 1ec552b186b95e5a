import { randomBytes } from "node:crypto";
import { StudioError, exitCodes } from "../errors.ts";
import { formatVersion } from "./format/commit.ts";
import { configKey } from "./format/layout.ts";
import { isRecord } from "./format/record.ts";
import type { Store } from "./store/store.ts";

/** Tells the time; heartbeats and reports need more than one instant. */
export type Clock = () => Date;

/** The config.json of a repository. */
export interface RepositoryConfig {
  format: number;
  /** Told apart from another repository that takes its place; 16 hexadecimal digits. */
  id: string;
  /** ISO 8601, UTC. */
  created: string;
  /** age recipients that new snapshots are encrypted to; none: they are not encrypted. */
  recipients: string[];
}

/** Reads the configuration of a repository; null for a store without one, which is new or empty. */
export async function readConfig(store: Store): Promise<RepositoryConfig | null> {
  const bytes = await store.get(configKey);
  if (bytes === null) return null;
  const config = parse(bytes.toString("utf8"));
  if (config === null) {
    throw new StudioError({
      code: "backup.configuration",
      message: `The config.json of the repository ${store.location} is damaged.`,
      hint: "Put a copy of it back. Every snapshot is still readable with restore.sh.",
      exitCode: exitCodes.unavailable,
    });
  }
  if (config.format > formatVersion) {
    throw new StudioError({
      code: "backup.newerFormat",
      message: `The repository ${store.location} has format ${config.format}; this studio knows format ${formatVersion}.`,
      hint: "Install the newer studio that wrote it.",
      exitCode: exitCodes.usage,
    });
  }
  return config;
}

function parse(text: string): RepositoryConfig | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !Number.isInteger(value["format"])) return null;
    if (Number(value["format"]) > formatVersion) return value as unknown as RepositoryConfig;
    const { format, id, created, recipients } = value;
    const whole =
      format === formatVersion &&
      typeof id === "string" &&
      /^[0-9a-f]{16}$/.test(id) &&
      typeof created === "string" &&
      Array.isArray(recipients) &&
      recipients.every((recipient) => typeof recipient === "string" && recipient !== "");
    return whole ? (value as unknown as RepositoryConfig) : null;
  } catch {
    return null;
  }
}

export interface PrepareOptions {
  recipients: readonly string[];
  now: Clock;
  /** Files that let people use the repository without studio: text by name. */
  guides: Readonly<Record<string, string>>;
}

/** Makes an empty store a repository, or brings the configuration of one up to date. */
export async function prepareRepository(
  store: Store,
  { recipients, now, guides }: PrepareOptions,
): Promise<RepositoryConfig> {
  const found = await readConfig(store);
  if (found !== null && found.recipients.join() === recipients.join()) return found;
  for (const [name, text] of Object.entries(guides)) await store.put(name, Buffer.from(text));
  const id = found?.id ?? randomBytes(8).toString("hex");
  const created = found?.created ?? now().toISOString();
  const config = { format: formatVersion, id, created, recipients: [...recipients] };
  const bytes = Buffer.from(`${JSON.stringify(config, null, 2)}\n`);
  if (found !== null) await store.put(configKey, bytes);
  // Of two runs that make the repository at once, the other one's configuration counts.
  else if (!(await store.putNew(configKey, bytes))) {
    return prepareRepository(store, { recipients, now, guides });
  }
  await store.sync();
  return config;
}
