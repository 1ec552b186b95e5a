import type { Step } from "../../operation/step.ts";
import { type DeployWork, noticeMeanwhile } from "../deploy-input.ts";

/**
 * Tells the public to come back later, from before the backup, so that this holds all that was
 * written, until the new release takes over. Whom the operator had turned away stays so, in the
 * operator's words, whatever becomes of the deploy.
 */
export function maintenanceStep({ place, previous, input }: DeployWork): Step {
  const { target } = place;
  return {
    id: "maintenance",
    title: "Put up the maintenance page: the release before cannot run on the new schema",
    async probe() {
      if (previous === null) return "absent";
      // Whether a proxy took over what was written for it shows nowhere: it is told once more.
      return (await target.state(previous)).maintenance !== null ? "partial" : "absent";
    },
    async do(run) {
      if (previous !== null) await target.maintain(run, previous, noticeMeanwhile(input));
    },
    async undo(run) {
      if (previous !== null) {
        await target.maintain(run, previous, input.previous?.notice ?? null);
      }
    },
  };
}
