import { existsSync } from "node:fs";
import { homeOfCopy } from "../../../remote/host/home.ts";
import { releaseFile } from "../../release.ts";
import type { Refusal } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";
import { labels } from "./colours.ts";
import type { Container } from "./containers.ts";

/**
 * Compose tells projects apart by their names alone: whoever has that of another takes its
 * containers for its own, and replaces them.
 * @returns null where the name is free, or this environment's
 */
export function refuseTaken(
  input: TargetInput,
  project: string,
  containers: readonly Container[],
): Refusal | null {
  const other = containers.find((one) => !isOwn(input, one, containers));
  if (other === undefined) return null;
  const environment = other.labels[labels.environment];
  return {
    code: "compose.projectTaken",
    message: `The Compose project "${project}" is that of the environment "${environment}" of ${other.labels[labels.directory]} on this engine. Nothing was changed.`,
    hint: "Give each environment a project of its own: set COMPOSE_PROJECT_NAME in its file of variables.",
    exitCode: 2,
  };
}

/** What studio did not start is nobody's: whoever ran `docker compose up` so far goes on with studio. */
function isOwn(input: TargetInput, one: Container, all: readonly Container[]): boolean {
  const { environment, directory } = input.project;
  const owner = one.labels[labels.environment];
  if (owner === undefined) return true;
  if (owner !== environment) return false;
  const folder = one.labels[labels.directory];
  return folder === homeOfCopy(directory) || wasMoved(input, folder, all);
}

/** Whether the folder that started them is this one, which had another path then: it has their release. */
function wasMoved(
  { paths }: TargetInput,
  folder: string | undefined,
  all: readonly Container[],
): boolean {
  return all.some(({ labels: own }) => {
    const release = own[labels.release];
    const isOfFolder = own[labels.directory] === folder;
    return isOfFolder && release !== undefined && existsSync(releaseFile(paths, release));
  });
}
