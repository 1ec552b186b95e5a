import { defaultValues } from "./default-values.ts";
import { type Expansion, expandSettings } from "./expand.ts";
import { interpolate } from "./interpolate.ts";
import type { Location } from "./locate.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { mergeRules } from "./schema/navigate.ts";
import { type MapNode, type Node, childOf, mergeNodes, nodeAt, withoutNulls } from "./tree.ts";
import { validateSettings } from "./validate.ts";
import { variableOverrides } from "./variable-overrides.ts";
import { type Variables, layered, readVariablesFile } from "./variables.ts";

export const emptyMap: MapNode = { kind: "map", entries: new Map(), place: { source: "default" } };

export interface Resolved extends Omit<Expansion, "unresolved"> {
  settings: Settings | null;
}

/** The settings of one environment; `strict` for the one in use, else a check of the file alone. */
export function resolveEnvironment(
  file: MapNode,
  environment: string,
  location: Location,
  env: Variables,
  strict: boolean,
): Resolved {
  const { label } = location;
  const written = writtenFor(file, environment);
  const named = strict ? readNamedVariables(written, location, env) : noVariablesFile(env);
  const expansion = expandSettings(written, { label, variables: named.variables, strict });
  const target = childOf(expansion.root, "target");
  const targetName = target?.kind === "scalar" ? (target.value ?? "local") : "local";
  const layered = mergeNodes(defaultValues(targetName), expansion.root, mergeRules);
  const given = strict ? variableOverrides(named.variables) : { root: emptyMap, warnings: [] };
  const root = withoutNulls(mergeNodes(layered, given.root, mergeRules));
  const validation = validateSettings(root, label, expansion.unresolved);
  return {
    root,
    settings: validation.settings,
    problems: [...named.problems, ...expansion.problems, ...validation.problems],
    warnings: [
      ...named.warnings,
      ...expansion.warnings,
      ...given.warnings,
      ...replacedAddresses(layered, given.root, label),
    ],
  };
}

/** The file's settings with the environment's part laid over them. */
function writtenFor(file: MapNode, environment: string): Node {
  const entries = new Map(file.entries);
  entries.delete("name");
  entries.delete("environments");
  const common: MapNode = { ...file, entries };
  const part = nodeAt(file, ["environments", environment]);
  return part?.kind === "map" ? mergeNodes(common, part, mergeRules) : common;
}

interface NamedVariables {
  variables: Variables;
  problems: Problem[];
  warnings: string[];
}

function noVariablesFile(env: Variables): NamedVariables {
  return { variables: env, problems: [], warnings: [] };
}

/** The variables of `variables.file` under the real ones. Its own name may hold real ones only. */
function readNamedVariables(written: Node, location: Location, env: Variables): NamedVariables {
  const node = nodeAt(written, ["variables", "file"]);
  if (node?.kind !== "scalar" || typeof node.value !== "string") return noVariablesFile(env);
  const name = interpolate(node.value, (variable) => env[variable]);
  if (name.missing.length > 0 || name.malformed) return noVariablesFile(env);
  const { values, problems, found } = readVariablesFile(location.directory, name.text);
  const warning = `The variables file ${name.text} does not exist: only the process's own environment counts.`;
  return { variables: layered(values, env), problems, warnings: found ? [] : [warning] };
}

/** A variable that points to other data than the file says deserves a word. */
function replacedAddresses(layered: Node, given: MapNode, label: string): string[] {
  return ["database", "redis"].flatMap((section) => {
    const before = nodeAt(layered, [section, "url"]);
    const now = nodeAt(given, [section, "url"]);
    if (before === undefined || now?.place.source !== "variable") return [];
    const reference = childOf(before, "env");
    const { name } = now.place;
    if (reference?.kind === "scalar" && reference.value === name) return [];
    const line = "line" in before.place ? `${label}:${before.place.line}` : "the configuration";
    return [`The variable ${name} replaces ${section}.url of ${line}.`];
  });
}
