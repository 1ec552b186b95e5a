import { checkVariables, resolveVariables } from "../config/variables.ts";
import { type Check, type Finding, ok, skipped, wrong } from "./check.ts";
import type { Scene } from "./scene.ts";

export const projectChecks: readonly Check[] = [
  {
    title: "Project file is valid",
    check: projectFile,
    fix: "Correct what is listed: studio config check",
  },
  {
    title: "Required variables are set",
    check: requiredVariables,
    fix: "Set them in the environment, or in the file that variables.file names.",
  },
  {
    title: "Secrets and target can be used",
    check: usable,
    fix: "Correct studio.yaml, or what its secrets are read from.",
  },
];

function projectFile({ project }: Scene): Finding {
  if ("error" in project) return wrong(project.error.message, project.error.hint);
  return ok(project.value.file ?? "there is none; the defaults count");
}

function requiredVariables({ project, env }: Scene): Finding {
  if ("error" in project) return skipped("studio.yaml must be valid first");
  const { settings, directory } = project.value;
  const { required } = settings.variables;
  const missing = checkVariables(settings, resolveVariables({ settings, directory, env }));
  if (missing.length > 0) return wrong(`missing or empty: ${missing.join(", ")}`);
  return ok(required.length === 0 ? "none is required" : required.join(", "));
}

function usable({ view }: Scene): Finding {
  if (view === null) return skipped("studio.yaml must be valid first");
  if ("error" in view) return wrong(view.error.message, view.error.hint);
  return ok(`target ${view.value.target.kind}`);
}
