import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { suggest } from "../../config/suggest.ts";
import { exitCodes, reasonOf, StudioError, systemCode } from "../../errors.ts";
import { loadFeeds } from "./feed.ts";
import { parseScenario } from "./scenario.ts";
import type { Scenario } from "./schema.ts";

const extension = ".yaml";

/**
 * Loads one scenario by name. Of two with the same name the one in the earlier folder counts: a
 * project's own `smoke` hides the bundled one. Folders that do not exist are empty.
 *
 * @throws StudioError (exit 2) when no folder has it, with the names there are, or when it is
 *   not valid.
 */
export async function loadScenario(name: string, folders: readonly string[]): Promise<Scenario> {
  const files = await findFiles(folders);
  const file = files.get(name);
  if (file !== undefined) return readScenario(name, file);
  const known = [...files.keys()];
  const meant = suggest(name, known);
  throw new StudioError({
    code: "bench.scenario.unknown",
    message: `There is no scenario "${name}". Known are: ${known.join(", ") || "none"}.`,
    hint:
      meant === undefined
        ? "Name one of them, or write one of your own into the folder bench.directory."
        : `Did you mean "${meant}"?`,
    exitCode: exitCodes.usage,
    details: { name, known },
  });
}

/** A scenario file as it is listed; one that is not valid is there with its problem. */
export interface ListedScenario {
  name: string;
  file: string;
  scenario: Scenario | null;
  problem: string | null;
}

/** All scenarios that `loadScenario` finds, by name. */
export async function listScenarios(folders: readonly string[]): Promise<ListedScenario[]> {
  const files = await findFiles(folders);
  return Promise.all(
    [...files].map(async ([name, file]) => {
      const read = readScenario(name, file).then((scenario) => ({ scenario, problem: null }));
      const listed = await read.catch((error: unknown) => {
        if (!(error instanceof StudioError)) throw error;
        return { scenario: null, problem: error.message };
      });
      return { name, file, ...listed };
    }),
  );
}

async function findFiles(folders: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of await entriesOf(folder)) {
      const name = basename(entry, extension);
      if (entry.endsWith(extension) && !found.has(name)) found.set(name, join(folder, entry));
    }
  }
  return new Map([...found.entries()].sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw unreadable(folder, error);
  }
}

async function readScenario(name: string, file: string): Promise<Scenario> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const scenario = parseScenario(text, file);
  if (scenario.name === name) {
    return { ...scenario, flows: await loadFeeds(scenario.flows, dirname(file)) };
  }
  throw new StudioError({
    code: "bench.scenario.name",
    message: `The scenario in ${file} calls itself "${scenario.name}", its file "${name}".`,
    hint: `Write "name: ${name}" into the file, or rename it to ${scenario.name}${extension}.`,
    exitCode: exitCodes.usage,
  });
}

function unreadable(path: string, cause: unknown): StudioError {
  return new StudioError({
    code: "bench.scenario.unreadable",
    message: `${path} cannot be read: ${reasonOf(cause)}`,
    hint: "Make it readable for this user and try again.",
    exitCode: exitCodes.usage,
    cause,
  });
}
