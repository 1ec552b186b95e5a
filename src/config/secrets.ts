import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { StudioError, exitCodes, systemCode } from "../errors.ts";
import type { runShell } from "../shell/exec.ts";
import { interpolate } from "./interpolate.ts";
import type { Secret } from "./schema/fields.ts";
import { isHarmlessAddress, passwordsOf } from "./secret-text.ts";
import { nodeAt } from "./tree.ts";

export type { Secret } from "./schema/fields.ts";

export interface SecretSurroundings {
  /** The project's folder: relative files start there, commands run there. */
  directory: string;
  /** The variables of the environment, see `resolveVariables`. */
  env: Record<string, string | undefined>;
  runShell: typeof runShell;
  /** Told every text that must be masked in output from now on. */
  onSecret(value: string): void;
}

/** A secret command that waits for input would never end. */
const commandTimeout = 30_000;

/**
 * Fetches the value of a secret. Errors (`secret.missing`, exit 2) name the reference, never the
 * value. One newline at the end of a file or of a command's output is not part of it.
 */
export async function resolveSecret(
  secret: Secret,
  surroundings: SecretSurroundings,
): Promise<string> {
  const value = await fetchSecret(secret, surroundings);
  if (value === "") throw missing(describeSecret(secret), "is empty");
  // The address of a database without a password is no secret, and masking it would hide paths.
  const whole = isHarmlessAddress(value) ? [] : [value];
  for (const text of [...whole, ...passwordsOf(value)]) surroundings.onSecret(text);
  return value;
}

/** The reference for people: `DATABASE_URL`, `file secrets/key`, never a value. */
function describeSecret(secret: Secret): string {
  if ("env" in secret) return `variable ${secret.env}`;
  if ("file" in secret) return `file ${secret.file}`;
  if ("command" in secret) return "output of the secret command";
  return "inline" in secret ? `text at ${secret.inline}` : "text of the configuration";
}

async function fetchSecret(secret: Secret, surroundings: SecretSurroundings): Promise<string> {
  if ("env" in secret) {
    const value = surroundings.env[secret.env];
    if (value === undefined) throw missing(describeSecret(secret), "is not set");
    return value;
  }
  if ("file" in secret) return readSecretFile(secret, surroundings);
  if ("command" in secret) return runSecretCommand(secret, surroundings);
  const template = "inline" in secret ? await readInline(secret, surroundings) : secret.template;
  return expand(template, describeSecret(secret), surroundings);
}

async function readSecretFile(
  secret: { file: string },
  surroundings: SecretSurroundings,
): Promise<string> {
  const reference = describeSecret(secret);
  const path = resolve(surroundings.directory, expand(secret.file, reference, surroundings));
  try {
    return withoutNewline(await readFile(path, "utf8"));
  } catch (error) {
    const code = systemCode(error);
    throw missing(reference, code === "ENOENT" ? "does not exist" : `cannot be read (${code})`);
  }
}

async function runSecretCommand(
  secret: { command: string },
  surroundings: SecretSurroundings,
): Promise<string> {
  const result = await surroundings.runShell(secret.command, {
    cwd: surroundings.directory,
    env: surroundings.env,
    timeout: commandTimeout,
  });
  if (result.exitCode === 0) return withoutNewline(result.stdout);
  // Neither its output nor its line is shown: both may hold the secret, or another one.
  const how = result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
  throw missing(describeSecret(secret), `could not be had: the command ended with ${how}`);
}

async function readInline(
  secret: { inline: string },
  surroundings: SecretSurroundings,
): Promise<string> {
  const [file = "", pointer = ""] = secret.inline.split("#/");
  const { readSource } = await import("./source.ts");
  const { root } = await readSource(resolve(surroundings.directory, file), file);
  const path = pointer.split("/").map((part) => {
    const segment = part.replaceAll("~1", "/").replaceAll("~0", "~");
    return /^\d+$/.test(segment) ? Number(segment) : segment;
  });
  const node = root === null ? undefined : nodeAt(root, path);
  if (node?.kind === "scalar" && typeof node.value === "string") return node.value;
  throw missing(describeSecret(secret), "is no longer there");
}

function expand(template: string, reference: string, surroundings: SecretSurroundings): string {
  const { text, missing: names } = interpolate(template, (name) => surroundings.env[name]);
  const [first] = names;
  if (first === undefined) return text;
  throw missing(reference, `needs the variable ${first}, which is not set`);
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function missing(reference: string, what: string): StudioError {
  return new StudioError({
    code: "secret.missing",
    message: `A secret is missing: the ${reference} ${what}.`,
    hint: "Provide it, or change the reference in studio.yaml. `studio config show --origin` lists them.",
    exitCode: exitCodes.usage,
  });
}
