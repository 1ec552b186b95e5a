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
 * A stack with a secret that everybody knows, that can be guessed, or none where one is needed, is
 * not deployed.
 * @param tolerated `variables.tolerate`: places, or names of variables, that may be easy to guess
 * @returns a remark for the plan on those that are tolerated
 * @throws StudioError (exit 2) naming every place; no value is told
 */
export function refuseWeakSecrets(
  weak: readonly WeakSecret[],
  tolerated: readonly string[] = [],
): string[] {
  const [accepted, guessed] = partition(placesOf(weak, "weak"), tolerated);
  const found = [
    told("These secrets have a value that everybody knows", placesOf(weak, "default")),
    told("These secrets are empty", placesOf(weak, "empty")),
    told("These secrets are easy to guess", guessed),
  ].filter((one) => one !== null);
  if (found.length > 0) throw refused(weak, found, guessed);
  return accepted.length === 0
    ? []
    : [`Easy to guess, which is tolerated: ${accepted.join(", ")} (\`studio doctor\`).`];
}

const told = (what: string, places: readonly string[]): string | null =>
  places.length === 0 ? null : `${what}: ${places.join(", ")}.`;

function refused(
  weak: readonly WeakSecret[],
  found: readonly string[],
  guessed: readonly string[],
): StudioError {
  const [first] = guessed;
  const fix = "Set each to what `openssl rand -hex 32` writes, then deploy again.";
  return new StudioError({
    code: weak.every(({ weakness }) => weakness === "weak") ? "secrets.weak" : "secrets.default",
    message: found.join(" "),
    hint:
      first === undefined
        ? fix
        : `${fix} One that cannot be changed now may stay: \`variables: { tolerate: [${first}] }\` in studio.yaml.`,
    exitCode: exitCodes.usage,
    details: { places: weak.map(({ place }) => place) },
  });
}

/** Those that may be easy to guess, and the others. */
export function partition(
  places: readonly string[],
  tolerated: readonly string[],
): [accepted: string[], others: string[]] {
  const isAccepted = (place: string): boolean =>
    tolerated.some((one) => place === one || place.endsWith(`.${one}`));
  return [places.filter(isAccepted), places.filter((place) => !isAccepted(place))];
}

export function placesOf(weak: readonly WeakSecret[], wanted: WeakSecret["weakness"]): string[] {
  return weak.flatMap(({ place, weakness }) => (weakness === wanted ? [place] : []));
}
