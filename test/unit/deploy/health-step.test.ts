import { expect, test } from "vitest";
import type { DeployWork } from "../../../src/deploy/deploy-input.ts";
import { healthStep } from "../../../src/deploy/steps/serve.ts";
import type { StepRun } from "../../../src/operation/step.ts";

function workWhere(ready: boolean): DeployWork {
  const place = {
    project: { settings: { deploy: { health: { passes: 3 } } } },
    target: { state: async () => ({ ready }) },
  };
  return { place, release: { id: "r1" } } as unknown as DeployWork;
}

test.each([
  [true, "unknown"],
  [false, "absent"],
])(
  "health that was waited for, of a release that is ready (%s), counts as %s",
  async (ready, found) => {
    expect(await healthStep(workWhere(ready)).probe({} as StepRun)).toBe(found);
  },
);
