import { readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { namesSecret, weaknessOf } from "../../../../config/weak-secrets.ts";
import type { ServiceDefinition, StackConfig } from "../stack-config.ts";
import { type Judgement, judgeText, judgeVariable, judgeWords, worst } from "./secrets-in-text.ts";

/** A secret that can be guessed, by its place; its value is nowhere in it. */
export interface WeakSecret {
  /** `api.JWT_SECRET_KEY` */
  place: string;
  weakness: Exclude<Judgement, null>;
}

export type Variables = Readonly<Record<string, string | null | undefined>>;

/** A file that holds more is no password, and no list of variables. */
const longest = 4096;

/**
 * The secrets of a stack that are defaults or can be guessed, wherever Compose lets one be written:
 * variables (of the build as well), addresses, commands, secrets, configurations, mounted files.
 * @param variables what Compose is given: a secret may be read from one
 */
export function weakSecrets(config: StackConfig, variables: Variables = {}): WeakSecret[] {
  const found = [
    ...Object.entries(config.services).flatMap(([name, one]) => inService(name, one)),
    ...inSources("secrets", config["secrets"], variables, judgeSecret),
    ...inSources("configs", config["configs"], variables, (_name, text) => judgeText(text)),
  ];
  return found.toSorted((a, b) => a.place.localeCompare(b.place));
}

/** Of variables alone, such as those that an image brings along. */
export function weakVariables(place: string, variables: Variables): WeakSecret[] {
  const users = Object.entries(variables).flatMap(([name, value]) =>
    /user(name)?$/i.test(name) && typeof value === "string" ? [value] : [],
  );
  return Object.entries(variables).flatMap(([name, value]) =>
    typeof value === "string" ? weak(`${place}.${name}`, judgeVariable(name, value, users)) : [],
  );
}

interface Build {
  args?: Record<string, string | null>;
}

function inService(name: string, definition: ServiceDefinition): WeakSecret[] {
  const { environment = {}, build, command, entrypoint } = definition;
  const args = typeof build === "object" && build !== null ? (build as Build).args : undefined;
  return [
    ...weakVariables(name, environment),
    ...weakVariables(`${name}.build`, args ?? {}),
    ...weak(`${name}.command`, worst([wordsOf(entrypoint), wordsOf(command)].map(judgeWords))),
    ...inMounts(name, definition),
  ];
}

function wordsOf(command: unknown): string[] {
  if (typeof command === "string") return [command];
  return Array.isArray(command) ? command.map(String) : [];
}

/** `POSTGRES_PASSWORD_FILE` that lies in a mounted folder, and env files that are mounted. */
function inMounts(
  name: string,
  { environment = {}, volumes = [] }: ServiceDefinition,
): WeakSecret[] {
  const mounts = volumes.filter(({ type }) => type === "bind");
  const named = Object.entries(environment).flatMap(([variable, path]) => {
    const secret = variable.replace(/_+FILE$/, "");
    if (path === null || secret === variable || !namesSecret(secret)) return [];
    const text = readShort(hostPath(path, mounts));
    return text === null ? [] : weak(`${name}.${variable}`, judgeSecret(secret, text));
  });
  const files = mounts.flatMap(({ source = "", target }) => {
    const text = /(^|[./])env([./]|$)/.test(source) ? readShort(source) : null;
    return text === null ? [] : weak(`${name}:${target}`, judgeText(text));
  });
  return [...named, ...files];
}

function hostPath(path: string, mounts: NonNullable<ServiceDefinition["volumes"]>): string | null {
  for (const { source = "", target } of mounts) {
    const below = relative(target, path);
    if (!below.startsWith("..")) return join(source, below);
  }
  return null;
}

interface Source {
  file?: string;
  environment?: string;
  content?: string;
}

function inSources(
  kind: string,
  sources: unknown,
  variables: Variables,
  judge: (name: string, text: string) => Judgement,
): WeakSecret[] {
  return Object.entries((sources ?? {}) as Record<string, Source>).flatMap(([name, one]) => {
    const { file, environment, content } = one;
    const text =
      content ?? (environment === undefined ? readShort(file ?? null) : variables[environment]);
    return typeof text === "string" ? weak(`${kind}.${name}`, judge(name, text)) : [];
  });
}

/** A file that is one secret; or holds several, each with a name. */
function judgeSecret(name: string, text: string): Judgement {
  if (text.trim() === "") return "empty";
  return worst([weaknessOf(text, [name]), judgeText(text)]);
}

/** Null where there is nothing to be read, or by this user: the engine reads with its own rights. */
function readShort(file: string | null): string | null {
  if (file === null) return null;
  try {
    const found = statSync(file);
    return found.isFile() && found.size <= longest ? readFileSync(file, "utf8") : null;
  } catch {
    return null;
  }
}

const weak = (place: string, weakness: Judgement): WeakSecret[] =>
  weakness === null ? [] : [{ place, weakness }];
