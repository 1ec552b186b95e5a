import { createHash, randomBytes } from "node:crypto";

/** Tells two stacks apart. Salted, because what it is made of holds passwords. */
export function hashDefinition(config: unknown, salt = randomBytes(8).toString("hex")): string {
  const hash = createHash("sha256").update(`${salt}\0${JSON.stringify(config)}`);
  return `${salt}:${hash.digest("hex")}`;
}

export function isDefinition(config: unknown, hash: string): boolean {
  const [salt = ""] = hash.split(":");
  return hashDefinition(config, salt) === hash;
}
