import { createHmac, hash } from "node:crypto";
import type { Project } from "./project.ts";
import type { Variables } from "./variables.ts";

/** Everything that a configuration was read from, and what came of it. */
export interface Remembered {
  /** The code that read it: another one may read it differently. */
  code: string;
  /** The folder of the project. */
  directory: string;
  /** SHA-256 of the configuration file; null where there was none. */
  file: string | null;
  /** What `--env` said. */
  environment: string | null;
  /** Key of the digests, so that nobody finds a value in a table. */
  salt: string;
  /** Each variable that was looked at: a digest of its value, or null where it was not set. */
  variables: Record<string, string | null>;
  project: Project;
}

type Inputs = Pick<Remembered, "code" | "directory" | "file" | "environment">;

/** Notes in `seen` which variables are looked at; null once all of them were asked for at once. */
export function watchVariables(env: Variables): { variables: Variables; seen: Set<string> | null } {
  const watch = { variables: env, seen: new Set<string>() as Set<string> | null };
  watch.variables = new Proxy(env, {
    get(target, name) {
      if (typeof name === "string") watch.seen?.add(name);
      return Reflect.get(target, name) as unknown;
    },
    ownKeys(target) {
      watch.seen = null;
      return Reflect.ownKeys(target);
    },
  });
  return watch;
}

/** Whether reading again would give the same. */
export function stillHolds(remembered: Remembered, now: Inputs & { env: Variables }): boolean {
  const { code, directory, file, environment, salt, variables } = remembered;
  if (code !== now.code || directory !== now.directory) return false;
  if (file !== now.file || environment !== now.environment) return false;
  return Object.entries(variables).every(
    ([name, digest]) => digestOf(now.env[name], salt) === digest,
  );
}

export function digestOf(value: string | undefined, salt: string): string | null {
  return value === undefined ? null : createHmac("sha256", salt).update(value).digest("base64");
}

export function fileDigest(bytes: Buffer): string {
  return hash("sha256", bytes);
}
