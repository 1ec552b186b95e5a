import { homedir } from "node:os";
import { usageError } from "../errors.ts";
import type { ScheduleChange, ScheduleTarget } from "../schedule/backends/install.ts";
import type { Surprise } from "../schedule/cron/forecast.ts";
import { type Block, text } from "./blocks.ts";
import { type Input, flagOption, lockWaitOption, messageOption, textOption } from "./command.ts";
import type { Context } from "./context.ts";
import { openSchedule } from "./schedule-place.ts";

export type ScheduleAnswer = ScheduleChange & {
  dryRun: boolean;
  /** Where clocks that are changed move a job; none after removing. */
  surprises: Surprise[];
};

/** What `schedule install` and `schedule uninstall` take. */
export const changeOptions = [
  { flags: "--force", summary: "Take away a block that was damaged or edited" },
  messageOption,
  lockWaitOption,
];

/**
 * Changes what calls the jobs, or says what would be changed.
 * @param target null: nothing is to call them
 * @throws StudioError (exit 8) where the target is not there, (exit 2) where the crontab's block was
 *   damaged, and not forced
 */
export async function changeWhatCalls(
  context: Context,
  input: Input,
  target: ScheduleTarget | null,
): Promise<{ result: ScheduleAnswer }> {
  const { changeSchedule, previewSchedule } = await import("../schedule/backends/install.ts");
  const { systemZone } = await import("../schedule/backends/system-zone.ts");
  const { forecast } = await import("../schedule/cron/forecast.ts");
  const { dryRun } = context.options;
  const place = await openSchedule(context);
  const request = {
    place,
    env: context.env,
    home: context.env["HOME"] ?? homedir(),
    zone: systemZone(),
    target,
    force: flagOption(input, "force"),
    message: textOption(input, "message") ?? null,
  };
  const surprises = target === null ? [] : forecast(place.jobs, context.now());
  if (dryRun) return { result: { ...(await previewSchedule(request)), dryRun, surprises } };
  const desk = await context.desk({ lockWait: textOption(input, "lockWait") });
  return { result: { ...(await changeSchedule(desk, request)), dryRun, surprises } };
}

/** @throws StudioError (exit 2) for a word that is no target */
export function readTarget(input: Input): ScheduleTarget {
  const word = textOption(input, "target");
  if (word === "crontab" || word === "systemd") return word;
  throw usageError(`"${word}" is not a target.`, "Give --target crontab or --target systemd.");
}

/** @param done what to say of a change, and of none */
export function describeChange(
  { target, block, units, changed, dryRun, surprises }: ScheduleAnswer,
  done: { changed: string; unchanged: string },
): Block[] {
  const told = surprises.map(({ sentence }) => text(sentence, "warning"));
  if (!dryRun) return [text(changed ? done.changed : done.unchanged, "good"), ...told];
  const place = target === "systemd" ? "systemd" : "The crontab";
  const files = Object.entries(units).map(([name, content]) => text(`# ${name}\n${content}`));
  return [
    text(`${place} would ${changed ? "be changed" : "stay as it is"}.`),
    ...(target === "systemd" ? files : [text(block ?? "No lines would be in it.")]),
    ...told,
  ];
}
