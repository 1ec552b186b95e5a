import { existsSync, readFileSync, statSync } from "node:fs";
import { type Weakness, namesSecret, weaknessOf } from "../../../../config/weak-secrets.ts";
import type { ServiceDefinition, StackConfig } from "../stack-config.ts";

/** A secret that can be guessed, by its place; its value is nowhere in it. */
export interface WeakSecret {
  /** `api.JWT_SECRET_KEY` */
  place: string;
  weakness: Weakness;
}

/** A file that holds more is no password. */
const longest = 4096;

/** The secrets of a stack that are defaults or can be guessed: in variables, addresses and files. */
export function weakSecrets(config: StackConfig): WeakSecret[] {
  const found = [
    ...Object.entries(config.services).flatMap(([name, one]) => inVariables(name, one)),
    ...inFiles(config),
  ];
  return found.toSorted((a, b) => a.place.localeCompare(b.place));
}

function inVariables(service: string, { environment = {} }: ServiceDefinition): WeakSecret[] {
  const users = Object.entries(environment).flatMap(([name, value]) =>
    /user(name)?$/i.test(name) && value !== null ? [value] : [],
  );
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === null) return [];
    const password = passwordIn(value);
    if (password !== null) return judged(`${service}.${name}`, password.value, [password.user]);
    return namesSecret(name) ? judged(`${service}.${name}`, value, [name, ...users]) : [];
  });
}

/** Of an address such as `postgres://studio:…@db/studio`. */
function passwordIn(value: string): { user: string; value: string } | null {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/\s]*@/i.test(value) || !URL.canParse(value)) return null;
  const { username, password } = new URL(value);
  return password === "" ? null : { user: decoded(username), value: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface SecretSource {
  file?: string;
  external?: boolean;
}

function inFiles({ secrets = {} }: StackConfig): WeakSecret[] {
  return Object.entries(secrets as Record<string, SecretSource>).flatMap(([name, { file }]) => {
    // A key or a certificate is no word that could be guessed.
    if (file === undefined || !existsSync(file) || statSync(file).size > longest) return [];
    return judged(`secrets.${name}`, readFileSync(file, "utf8"), [name]);
  });
}

function judged(place: string, value: string, names: readonly string[]): WeakSecret[] {
  const weakness = weaknessOf(value, names);
  return weakness === null ? [] : [{ place, weakness }];
}
