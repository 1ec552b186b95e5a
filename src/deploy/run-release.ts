import { existsSync } from "node:fs";
import { StudioError, exitCodes } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease, setReleaseStatus } from "../ledger/releases.ts";
import { type Performed, perform } from "../operation/perform.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../operation/step.ts";
import { volumesStep } from "./down-volumes.ts";
import { waitHealthy } from "./health.ts";
import { lacksServices, runningServices } from "./lacks-services.ts";
import { servicesSteps } from "./steps/services.ts";
import { readUnlocked } from "./preview-deploy.ts";
import type { ReleaseRecord } from "./release.ts";
import { type Notice, isWhole } from "./target.ts";
import type { Workplace } from "./workplace.ts";

export interface RunInput {
  release: ReleaseRecord;
  status: "current" | "stopped";
  /** It runs, and a part of it, or of what it needs, does not: an undo ends nothing then. */
  lacking?: true;
  /** It does not run, and yet some of what it needs does: an undo ends none of that. */
  servicesRan?: true;
  /** What it is to tell the public instead of serving it, where it ended for a moment alone. */
  notice?: Notice;
  /** Volumes that go with it. */
  volumes?: string[];
}

export interface RunResult {
  release: string;
  url: string;
  /** False when there was nothing to do. */
  changed: boolean;
}

/** Starts the current release again, and lets it take public traffic. */
export async function bringUp(place: Workplace, message: string | null): Promise<RunResult> {
  return (await performRun(place, "up", message, [])).result;
}

export interface RunPlanView {
  release: string;
  url: string;
  /** Empty when there is nothing to do. */
  steps: string[];
}

/** What `up` would do now; nothing is changed, and no lock is taken. */
export async function previewUp(place: Workplace): Promise<RunPlanView> {
  return readUnlocked(place, async (ledger) => {
    if (ledger === null) throw nothingDeployed(place.desk.environment);
    return viewRun(place, await planRun(place, ledger, "up", []));
  });
}

export function viewRun(place: Workplace, { release, steps }: RunPlan): RunPlanView {
  return {
    release: release.id,
    url: place.target.publicUrl(release),
    steps: steps.map(({ title }) => title),
  };
}

/** @param volumes names of those that were agreed to go with it */
export async function performRun(
  place: Workplace,
  kind: "up" | "down",
  message: string | null,
  volumes: readonly string[],
): Promise<{ result: RunResult; performed: Performed }> {
  requireDeployed(place);
  let planned: RunPlan | null = null;
  const performed = await perform(place.desk, kind, async (ledger) => {
    planned = await planRun(place, ledger, kind, volumes);
    const { steps, ...input } = planned;
    return { kind, message, input: input satisfies RunInput, steps };
  });
  const { release, steps } = planned as unknown as RunPlan;
  const url = place.target.publicUrl(release);
  return { result: { release: release.id, url, changed: steps.length > 0 }, performed };
}

interface RunPlan extends RunInput {
  /** None where the release is as it should be already. */
  steps: Step[];
}

export async function planRun(
  place: Workplace,
  ledger: Ledger,
  kind: "up" | "down",
  agreed: readonly string[],
): Promise<RunPlan> {
  const row = currentRelease(ledger, place.desk.environment);
  if (row === null) throw nothingDeployed(place.desk.environment);
  const release = row.record as ReleaseRecord;
  const status = row.status === "stopped" ? "stopped" : "current";
  const { accepting, running, partly = false } = await place.target.state(release);
  const lacking =
    kind === "up" && running && (partly || (await lacksServices(place.target, release)));
  const services = running ? [] : await runningServices(place.target, release);
  const ran = kind === "up" && services.length > 0;
  const volumes = await stillOwn(place, release, agreed);
  const input: RunInput = {
    release,
    status,
    ...(lacking ? { lacking } : {}),
    ...(ran ? { servicesRan: ran } : {}),
    ...(volumes.length > 0 ? { volumes } : {}),
  };
  const settled =
    kind === "up"
      ? accepting && !lacking && status === "current"
      : !running && services.length === 0 && status === "stopped" && volumes.length === 0;
  const build = kind === "up" ? upSteps : downSteps;
  return { ...input, steps: settled ? [] : build(place, ledger, input) };
}

/** Of what was agreed to go: another deploy may have changed meanwhile what is the release's own. */
async function stillOwn(
  { target }: Workplace,
  release: ReleaseRecord,
  agreed: readonly string[],
): Promise<string[]> {
  if (agreed.length === 0) return [];
  const own = new Set((await target.volumes?.(release))?.own.map(({ name }) => name));
  return agreed.filter((name) => own.has(name));
}

export function upSteps(place: Workplace, ledger: Ledger, input: RunInput): Step[] {
  const steps = stepsUp(place, ledger, input);
  return input.lacking === true ? steps.map((step) => ({ ...step, undo: nothingToUndo })) : steps;
}

function stepsUp(place: Workplace, ledger: Ledger, input: RunInput): Step[] {
  const { target } = place;
  const { release } = input;
  return [
    {
      id: "preflight",
      title: "Check the port",
      kind: "refusal",
      probe: nothingToProbe,
      undo: nothingToUndo,
      async do() {
        for (const refusal of await target.refusals(release)) throw new StudioError(refusal);
      },
    },
    ...servicesSteps(place, release, input.servicesRan === true ? "its own" : null),
    {
      id: "start",
      title: `Start release ${release.id}`,
      probe: async () => (isWhole(await target.state(release)) ? "done" : "partial"),
      do: (step) => target.start(step, release),
      undo: (step) => target.stop(step, release),
    },
    {
      id: "health",
      title: "Wait until it is healthy",
      probe: nothingToProbe,
      undo: nothingToUndo,
      do: (step) => waitHealthy({ target, release, signal: step.signal, say: step.say }),
    },
    {
      id: "switch",
      title: `Take traffic on ${target.publicUrl(release)}`,
      // Whether a proxy took over what was written for it shows nowhere: it is told once more.
      probe: async () => ((await target.state(release)).accepting ? "partial" : "absent"),
      async do(step) {
        if (input.notice !== undefined) await target.maintain(step, release, input.notice);
        await target.switchTo(step, release, null);
      },
      undo: (step) => target.unswitch(step, release),
    },
    statusStep(ledger, release, "current", input.status),
  ];
}

export function downSteps(place: Workplace, ledger: Ledger, input: RunInput): Step[] {
  const { target } = place;
  const { release, volumes = [] } = input;
  return [
    statusStep(ledger, release, "stopped", input.status),
    {
      id: "stop",
      title: `Let release ${release.id} finish its requests and end`,
      kind: "final",
      decisive: { again: volumes.length > 0 ? "studio down --volumes" : "studio down" },
      // The release may be gone while what held its address is still there.
      probe: nothingToProbe,
      do: (step) => target.takeDown(step, release),
      undo: nothingToUndo,
    },
    ...(volumes.length > 0 ? [volumesStep(place, volumes)] : []),
  ];
}

function statusStep(
  ledger: Ledger,
  release: ReleaseRecord,
  status: "current" | "stopped",
  before: "current" | "stopped",
): Step {
  return {
    id: "record",
    title: status === "current" ? "Record that it serves" : "Record that it is taken down",
    probe: () =>
      currentRelease(ledger, release.environment)?.status === status ? "done" : "absent",
    do: (step) => step.effect("ledger", () => setReleaseStatus(ledger, release.id, status)),
    undo: (step) => step.effect("ledger", () => setReleaseStatus(ledger, release.id, before)),
  };
}

/** Where nothing was ever deployed nothing is made either: no lock, no ledger. */
export function requireDeployed({ desk }: Workplace): void {
  if (!existsSync(desk.paths.ledger)) throw nothingDeployed(desk.environment);
}

export function nothingDeployed(environment: string): StudioError {
  return new StudioError({
    code: "release.none",
    message: `Nothing has been deployed to "${environment}" yet.`,
    hint: "`studio deploy` brings up the first release.",
    exitCode: exitCodes.usage,
  });
}
