import { StudioError, exitCodes } from "../../errors.ts";
import { type Desk, perform } from "../../operation/perform.ts";
import { readCrontab } from "../../service/crontab.ts";
import { type SystemdInput, hasUserSystemd } from "../../service/systemd.ts";
import type { SchedulePlace } from "../place.ts";
import { blockText } from "./crontab-block.ts";
import { blockId, crontabLines } from "./crontab-lines.ts";
import {
  type CrontabPart,
  type UnitsPart,
  changed,
  expectedJobs,
  linesOf,
  scheduleSteps,
} from "./install-steps.ts";
import { readUnits, sameUnits } from "./unit-files.ts";
import { type Units, unitPrefix, unitTexts } from "./unit-texts.ts";

export type ScheduleTarget = "crontab" | "systemd";

export interface InstallRequest extends SystemdInput {
  place: SchedulePlace;
  /** By whose clocks cron goes. */
  zone: string;
  /** What is to call the jobs from then on; null: nothing. */
  target: ScheduleTarget | null;
  /** Takes away a block that was damaged. */
  force: boolean;
  message: string | null;
}

export interface ScheduleChange {
  target: ScheduleTarget | null;
  /** What stands, or would stand, in the crontab for the environment; null for nothing. */
  block: string | null;
  /** What stands, or would stand, in the folder of the user's units, by name. */
  units: Units;
  /** False where it is so already. */
  changed: boolean;
}

/** What `changeSchedule` would do. Changes nothing; needs neither cron nor systemd. */
export async function previewSchedule(request: InstallRequest): Promise<ScheduleChange> {
  const before = (await readCrontab(request.env)) ?? "";
  return describe(request, before, crontabPart(request, before), unitsPart(request));
}

/**
 * Makes cron or systemd call the jobs of an environment, and the other no more, or none of them, as
 * an operation. Installing again changes nothing.
 * @throws StudioError exit 2 for a damaged block, 8 where the target is not there, else as any
 *   operation
 */
export async function changeSchedule(desk: Desk, request: InstallRequest): Promise<ScheduleChange> {
  const { place, env, home, target, message } = request;
  const { environment } = place;
  const before = await readCrontab(env);
  const units = unitsPart(request);
  if (before === null && target === "crontab") throw noCron();
  if (before === null && target === null && units === null) throw noCron();
  if (units !== null && !(await hasUserSystemd(request))) throw noSystemd();
  const crontab = before === null ? null : crontabPart(request, before);
  const kind = target === null ? "schedule uninstall" : "schedule install";
  await perform(desk, kind, async (ledger) => {
    const input = {
      environment,
      crontab,
      units,
      jobs: target === null ? [] : place.jobs.map(({ name }) => name),
      expected: expectedJobs(ledger, environment),
      at: place.now().toISOString(),
    };
    const steps = scheduleSteps({ ledger, systemd: { env, home } }, input);
    return { kind: "schedule", message, input, steps };
  });
  return describe(request, before ?? "", crontab, units);
}

function crontabPart(
  { place, zone, env, target, force }: InstallRequest,
  before: string,
): CrontabPart {
  const id = blockId(place);
  const lines = target === "crontab" ? crontabLines({ place, zone, path: env["PATH"] }) : "";
  return {
    id,
    lines: lines === "" ? null : lines,
    previous: linesOf(before, id, force),
    force,
  };
}

/** Null where there are no units, and none are wanted: then nobody asks for systemd. */
function unitsPart({ place, env, home, target }: InstallRequest): UnitsPart | null {
  const prefix = unitPrefix(place);
  const previous = readUnits({ home }, prefix);
  const wanted = target === "systemd" ? unitTexts({ place, path: env["PATH"] }) : {};
  const isNothing = Object.keys(previous).length === 0 && target !== "systemd";
  return isNothing ? null : { prefix, wanted, previous };
}

function describe(
  { target }: InstallRequest,
  before: string,
  crontab: CrontabPart | null,
  units: UnitsPart | null,
): ScheduleChange {
  const { id = "", lines = null, force = false } = crontab ?? {};
  const sameCrontab = crontab === null || changed(before, id, lines, force) === before;
  const sameTimers = units === null || sameUnits(units.previous, units.wanted);
  return {
    target,
    block: lines === null ? null : Buffer.from(blockText(id, lines), "latin1").toString("utf8"),
    units: units?.wanted ?? {},
    changed: !sameCrontab || !sameTimers,
  };
}

function noCron(): StudioError {
  return new StudioError({
    code: "schedule.no-cron",
    message: "There is no crontab program here.",
    hint: "Install cron, or give --target systemd. --dry-run shows the lines that it would be given.",
    exitCode: exitCodes.unavailable,
  });
}

function noSystemd(): StudioError {
  return new StudioError({
    code: "schedule.no-systemd",
    message: "The user's own systemd does not answer here.",
    hint: "Give --target crontab, or run `studio schedule daemon`. --dry-run shows the units.",
    exitCode: exitCodes.unavailable,
  });
}
