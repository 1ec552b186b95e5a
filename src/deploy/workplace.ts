import type { Desk } from "../operation/perform.ts";
import type { Target } from "./target.ts";
import { createTarget } from "./targets/create-target.ts";
import { type View, type ViewInput, openView } from "./view.ts";

/** What every operation on an environment works with. */
export interface Workplace extends View {
  desk: Desk;
  target: Target;
}

export interface WorkplaceInput extends ViewInput {
  desk: Desk;
}

export async function openWorkplace(input: WorkplaceInput): Promise<Workplace> {
  const { desk } = input;
  const view = await openView(input);
  const { project, onSecret } = view;
  const variables = withoutFaults(view.variables);
  const { paths, version } = desk;
  const site = { paths, project, version, variables, onSecret };
  const target = await createTarget(project.settings.target, site);
  return { ...view, variables, desk, target };
}

/** A fault asked for in studio must not strike in the processes it starts. */
function withoutFaults(
  env: Record<string, string | undefined>,
): Record<string, string | undefined> {
  const { STUDIO_FAULT: _fault, ...rest } = env;
  return rest;
}
