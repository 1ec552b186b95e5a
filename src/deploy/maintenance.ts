import { usageError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { perform } from "../operation/perform.ts";
import type { Step } from "../operation/step.ts";
import type { ReleaseRecord } from "./release.ts";
import type { Notice } from "./target.ts";
import { nothingDeployed, requireDeployed } from "./run-release.ts";
import type { Workplace } from "./workplace.ts";

export interface MaintenanceInput {
  release: ReleaseRecord;
  on: boolean;
  /** What the public is told; absent: nothing particular. */
  message?: string | null;
  /** What it was told before, for the undo; absent: the contrary of `on`. */
  before?: Notice | null;
}

export interface MaintenanceResult {
  release: string;
  url: string;
  on: boolean;
  /** False when it was so already. */
  changed: boolean;
}

/**
 * Tells the public to come back later, or lets it in again; the release goes on running.
 * @param message for the history, and for the public that is to come back later
 */
export async function setMaintenance(
  place: Workplace,
  on: boolean,
  message: string | null,
): Promise<MaintenanceResult> {
  requireDeployed(place);
  let input: MaintenanceInput | null = null;
  let changed = false;
  await perform(place.desk, `maintenance ${on ? "on" : "off"}`, async (ledger) => {
    const release = servingRelease(place, ledger);
    const state = await place.target.state(release);
    input = {
      release,
      on,
      message: on && message !== "" ? message : null,
      before: state.maintenance,
    };
    if (!state.accepting) {
      throw usageError(
        `Release ${release.id} takes no public traffic, so nobody could be told anything.`,
        "`studio up` starts it.",
      );
    }
    changed = !isSame(state.maintenance, noticeOf(input));
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

const noticeOf = ({ on, message = null }: MaintenanceInput): Notice | null =>
  on ? { message } : null;

const isSame = (one: Notice | null, other: Notice | null): boolean =>
  (one === null) === (other === null) && one?.message === other?.message;

export function maintenanceSteps({ target }: Workplace, input: MaintenanceInput): Step[] {
  const { release, on } = input;
  const wanted = noticeOf(input);
  const before = input.before === undefined ? (on ? null : { message: null }) : input.before;
  return [
    {
      id: "maintenance",
      title: on ? "Put up the maintenance page" : "Take the maintenance page down",
      probe: async () =>
        // Whether a proxy took over what was written for it shows nowhere: it is told once more.
        isSame((await target.state(release)).maintenance, wanted) ? "partial" : "absent",
      do: (run) => target.maintain(run, release, wanted),
      undo: (run) => target.maintain(run, release, before),
    },
  ];
}
