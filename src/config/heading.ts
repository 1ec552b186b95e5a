import { interpolate } from "./interpolate.ts";
import { type Problem, problemAt } from "./problems.ts";
import { headingSchema } from "./schema.ts";
import type { MapNode } from "./tree.ts";
import { toValue } from "./tree.ts";
import { describeIssue } from "./validate.ts";
import type { Variables } from "./variables.ts";

/** Checks `name` and `environments`, the two keys that are not settings. */
export function checkHeading(
  root: MapNode,
  label: string,
  variables: Variables,
): { name: string | undefined; problems: Problem[] } {
  const name = root.entries.get("name")?.value;
  const problems: Problem[] = [];
  const heading = new Map(root.entries);
  if (name?.kind === "scalar" && typeof name.value === "string") {
    const { text, missing } = interpolate(name.value, (variable) => variables[variable]);
    for (const variable of missing) {
      problems.push(problemAt(label, name.place, ["name"], `the variable ${variable} is not set`));
    }
    heading.set("name", { key: name.place, value: { ...name, value: text } });
  }
  if (name?.kind === "scalar" && name.value === null) heading.delete("name");
  const tree: MapNode = { ...root, entries: heading };
  const result = headingSchema.safeParse(toValue(tree));
  if (result.success) return { name: result.data.name, problems };
  if (problems.length > 0) return { name: undefined, problems };
  const found = result.error.issues.flatMap((issue) => describeIssue(issue, tree, label));
  return { name: undefined, problems: found };
}
