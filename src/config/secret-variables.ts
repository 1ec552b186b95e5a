import { isHarmlessAddress } from "./secret-text.ts";

const secretName = /pass|secret|token|key|credential|dsn|url/i;

/** Tells the values of variables that are secrets by their names: what is given them may repeat them. */
export function tellSecretVariables(
  variables: Readonly<Record<string, string | null | undefined>>,
  onSecret: (value: string) => void,
): void {
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value !== "string" || value.length < 8) continue;
    if (secretName.test(name) && !isPlain(value)) onSecret(value);
  }
}

/** Paths and addresses without a password are no secrets, and masking them would hide much. */
const isPlain = (value: string): boolean =>
  /^(\/|\.\/)/.test(value) ||
  (/^\w+:\/\//.test(value) && !value.includes("@")) ||
  isHarmlessAddress(value);
