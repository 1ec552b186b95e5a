import { StudioError, exitCodes } from "../../errors.ts";
import { type Desk, perform } from "../../operation/perform.ts";
import { readCrontab } from "../../service/crontab.ts";
import type { SchedulePlace } from "../place.ts";
import { blockText } from "./crontab-block.ts";
import { blockId, crontabLines } from "./crontab-lines.ts";
import {
  type CrontabInput,
  changed,
  crontabSteps,
  expectedJobs,
  linesOf,
} from "./install-steps.ts";

export interface InstallRequest {
  place: SchedulePlace;
  env: Record<string, string | undefined>;
  /** By whose clocks cron goes. */
  zone: string;
  action: "install" | "uninstall";
  /** Takes away a block that was damaged. */
  force: boolean;
  message: string | null;
}

export interface CrontabChange {
  /** What stands, or would stand, in the crontab for the environment; null for nothing. */
  block: string | null;
  /** False where it is so already. */
  changed: boolean;
}

/** What `changeCrontab` would do. Changes nothing; needs no cron. */
export async function previewCrontab(request: InstallRequest): Promise<CrontabChange> {
  const before = (await readCrontab(request.env)) ?? "";
  const lines = wantedLines(request);
  const id = blockId(request.place);
  const after = changed(before, id, lines, request.force);
  return { block: shown(id, lines), changed: after !== before };
}

/**
 * Makes cron call the jobs of an environment, or call them no more, as an operation. Installing
 * again changes nothing.
 * @throws StudioError exit 2 for a damaged block, 8 where there is no cron, else as any operation
 */
export async function changeCrontab(desk: Desk, request: InstallRequest): Promise<CrontabChange> {
  const { place, env, force, message } = request;
  const { environment } = place;
  const before = await readCrontab(env);
  if (before === null) throw noCron();
  const id = blockId(place);
  const lines = wantedLines(request);
  const after = changed(before, id, lines, force);
  const kind = `schedule ${request.action}`;
  await perform(desk, kind, async (ledger) => {
    const input: CrontabInput = {
      environment,
      id,
      lines,
      previous: linesOf(before, id, force),
      force,
      jobs: lines === null ? [] : place.jobs.map(({ name }) => name),
      expected: expectedJobs(ledger, environment),
      at: place.now().toISOString(),
    };
    return { kind: "schedule", message, input, steps: crontabSteps({ ledger, env }, input) };
  });
  return { block: shown(id, lines), changed: after !== before };
}

function wantedLines({ place, zone, env, action }: InstallRequest): string | null {
  if (action === "uninstall") return null;
  const lines = crontabLines({ place, zone, path: env["PATH"] });
  return lines === "" ? null : lines;
}

const shown = (id: string, lines: string | null): string | null =>
  lines === null ? null : Buffer.from(blockText(id, lines), "latin1").toString("utf8");

function noCron(): StudioError {
  return new StudioError({
    code: "schedule.no-cron",
    message: "There is no crontab program here.",
    hint: "Install cron. --dry-run shows the lines that it would be given.",
    exitCode: exitCodes.unavailable,
  });
}
