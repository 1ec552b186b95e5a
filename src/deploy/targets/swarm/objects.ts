import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StatePaths } from "../../../state.ts";
import type { StackConfig } from "../compose/stack-config.ts";

export type ObjectKind = "secrets" | "configs";

export const objectKinds: readonly ObjectKind[] = ["secrets", "configs"];

/** A secret or config of the operator's files, with what it holds. */
export interface StackObject {
  kind: ObjectKind;
  /** As the files name it. */
  key: string;
  /** Null for one that is not studio's to make. */
  content: Buffer | null;
  /** Of one that is there already. */
  external: string;
}

interface Source {
  name?: string;
  external?: boolean;
  file?: string;
  environment?: string;
  content?: string;
}

/** The most that Swarm keeps of one, in bytes. */
const most: Readonly<Record<ObjectKind, number>> = { secrets: 500 * 1024, configs: 1000 * 1024 };

/**
 * What the secrets and configs of a stack hold now.
 * @param variables what Compose is given: one may be read from them
 * @throws StudioError (exit 2) where one cannot be read, or is more than Swarm keeps
 */
export function readObjects(
  config: StackConfig,
  variables: Readonly<Record<string, string | undefined>>,
): StackObject[] {
  const used = usedObjects(config);
  return objectKinds.flatMap((kind) =>
    Object.entries((config[kind] ?? {}) as Record<string, Source>)
      .filter(([key]) => used.has(`${kind}/${key}`))
      .map(([key, source]) => {
        const external = source.name ?? key;
        if (source.external === true) return { kind, key, content: null, external };
        return { kind, key, content: contentOf(kind, key, source, variables), external };
      }),
  );
}

/** Swarm would not take one that no service has. */
function usedObjects({ services }: StackConfig): Set<string> {
  return new Set(
    Object.values(services).flatMap((service) =>
      objectKinds.flatMap((kind) =>
        ((service[kind] ?? []) as { source: string }[]).map(({ source }) => `${kind}/${source}`),
      ),
    ),
  );
}

function contentOf(
  kind: ObjectKind,
  key: string,
  source: Source,
  variables: Readonly<Record<string, string | undefined>>,
): Buffer {
  const content = read(source, variables);
  if (content === null) {
    const from = source.file ?? `the variable ${source.environment}`;
    throw unusable(kind, key, `${from} cannot be read`, "Make it, and let this user read it.");
  }
  if (content.length === 0) throw unusable(kind, key, "it is empty", "Write something into it.");
  if (content.length <= most[kind]) return content;
  const size = `it is ${Math.ceil(content.length / 1024)} KiB`;
  const hint = `Swarm keeps up to ${most[kind] / 1024} KiB of one: put it into the image, or into a volume.`;
  throw unusable(kind, key, size, hint);
}

function read(
  { file, environment, content }: Source,
  variables: Readonly<Record<string, string | undefined>>,
): Buffer | null {
  if (content !== undefined) return Buffer.from(plain(content));
  if (environment !== undefined) {
    const value = variables[environment];
    return value === undefined ? null : Buffer.from(value);
  }
  try {
    const path = plain(file ?? "");
    return statSync(path).isFile() ? readFileSync(path) : null;
  } catch {
    return null;
  }
}

/** Compose writes a dollar as two, so that it can be read once more. */
const plain = (text: string): string => text.replaceAll("$$", "$");

function unusable(kind: ObjectKind, key: string, why: string, hint: string): StudioError {
  return new StudioError({
    code: "swarm.object",
    message: `${kind}.${key} cannot be given to Swarm: ${why}.`,
    hint,
    exitCode: exitCodes.usage,
  });
}

/**
 * What an object is called in Swarm, where it can never be changed: by what it holds, so that another
 * content is another object, and the same is the same. By a key of the project's own: of a hash alone
 * a short password could be guessed.
 */
export function objectName(stack: string, { key, content, external }: StackObject, salt: string) {
  if (content === null) return external;
  const hash = createHmac("sha256", salt).update(`${key}\0`).update(content).digest("hex");
  const name = `${stack}_${key}`.replaceAll(/[^a-zA-Z0-9_.-]/g, "_");
  // 64 characters are the most that Swarm takes.
  return `${name.slice(0, 47)}_${hash.slice(0, 16)}`;
}

const saltFile = (paths: StatePaths): string => join(paths.root, "swarm", "names.key");

/** One that is short is no password, or hides half of what is said. */
export function maskObject(
  { kind, content }: Pick<StackObject, "kind" | "content">,
  onSecret: (value: string) => void,
): void {
  const text = kind === "secrets" ? (content?.toString().trim() ?? "") : "";
  if (text.length >= 8 && text.length <= 4096) onSecret(text);
}

/** The key of the names, made where there is none. */
export function ensureNameKey(paths: StatePaths): string {
  const file = saltFile(paths);
  const present = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (present !== "") return present;
  const key = randomBytes(32).toString("hex");
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${key}\n`, { mode: 0o600, flush: true });
  return key;
}
