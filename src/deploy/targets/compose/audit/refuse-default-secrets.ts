import { readVariablesFile } from "../../../../config/variables.ts";
import { StudioError, exitCodes } from "../../../../errors.ts";
import type { TargetInput } from "../../target-input.ts";
import { type StackConfig, composeVariables } from "../stack-config.ts";
import { type WeakSecret, weakSecrets, weakVariables } from "./stack-secrets.ts";

/** All of a stack and of the variables that the environment itself asks for or has in its file. */
export function secretsToJudge(config: StackConfig, input: TargetInput): WeakSecret[] {
  const { settings, directory } = input.project;
  const { required, file } = settings.variables;
  const own = file === null ? [] : Object.keys(readVariablesFile(directory, file).values);
  const named = [...new Set([...required, ...own])].map((name) => [name, input.variables[name]]);
  return [
    ...weakSecrets(config, composeVariables(input)),
    ...weakVariables("variables", Object.fromEntries(named)),
  ];
}

/**
 * A stack with a secret that everybody knows, or none where one is needed, is not deployed.
 * @returns a remark for the plan on those that could be guessed
 * @throws StudioError (exit 2) naming every place; no value is told
 */
export function refuseDefaultSecrets(weak: readonly WeakSecret[]): string[] {
  const places = placesOf(weak, "default");
  const empty = placesOf(weak, "empty");
  if (places.length + empty.length > 0) {
    throw new StudioError({
      code: "secrets.default",
      message: [
        ...(places.length > 0
          ? [`These secrets have a value that everybody knows: ${places.join(", ")}.`]
          : []),
        ...(empty.length > 0 ? [`These secrets are empty: ${empty.join(", ")}.`] : []),
      ].join(" "),
      hint: "Set each to what `openssl rand -hex 32` writes, then deploy again.",
      exitCode: exitCodes.usage,
      details: { places: [...places, ...empty] },
    });
  }
  if (weak.length === 0) return [];
  return [`Easy to guess: ${weak.map(({ place }) => place).join(", ")} (\`studio doctor\`).`];
}

export function placesOf(weak: readonly WeakSecret[], wanted: WeakSecret["weakness"]): string[] {
  return weak.flatMap(({ place, weakness }) => (weakness === wanted ? [place] : []));
}
