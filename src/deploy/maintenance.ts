import { usageError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { perform } from "../operation/perform.ts";
import type { Step } from "../operation/step.ts";
import type { ReleaseRecord } from "./release.ts";
import { nothingDeployed, requireDeployed } from "./run-release.ts";
import type { Workplace } from "./workplace.ts";

export interface MaintenanceInput {
  release: ReleaseRecord;
  on: boolean;
}

export interface MaintenanceResult {
  release: string;
  url: string;
  on: boolean;
  /** False when it was so already. */
  changed: boolean;
}

/** Tells the public to come back later, or lets it in again; the release goes on running. */
export async function setMaintenance(
  place: Workplace,
  on: boolean,
  message: string | null,
): Promise<MaintenanceResult> {
  requireDeployed(place);
  let input: MaintenanceInput | null = null;
  let changed = false;
  await perform(place.desk, `maintenance ${on ? "on" : "off"}`, async (ledger) => {
    input = { release: servingRelease(place, ledger), on };
    const state = await place.target.state(input.release);
    if (!state.accepting) {
      throw usageError(
        `Release ${input.release.id} takes no public traffic, so nobody could be told anything.`,
        "`studio up` starts it.",
      );
    }
    changed = state.maintenance !== on;
    const steps = changed ? maintenanceSteps(place, input) : [];
    return { kind: "maintenance", message, input, steps };
  });
  const { release } = input as unknown as MaintenanceInput;
  return { release: release.id, url: place.target.publicUrl(release), on, changed };
}

function servingRelease(place: Workplace, ledger: Ledger): ReleaseRecord {
  const row = currentRelease(ledger, place.desk.environment);
  if (row === null) throw nothingDeployed(place.desk.environment);
  return row.record as ReleaseRecord;
}

export function maintenanceSteps({ target }: Workplace, { release, on }: MaintenanceInput): Step[] {
  return [
    {
      id: "maintenance",
      title: on ? "Put up the maintenance page" : "Take the maintenance page down",
      probe: async () => ((await target.state(release)).maintenance === on ? "done" : "absent"),
      do: (run) => target.maintain(run, release, on),
      undo: (run) => target.maintain(run, release, !on),
    },
  ];
}
