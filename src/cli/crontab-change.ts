import type { CrontabChange } from "../schedule/backends/install.ts";
import { type Block, text } from "./blocks.ts";
import { type Input, flagOption, lockWaitOption, messageOption, textOption } from "./command.ts";
import type { Context } from "./context.ts";
import { openSchedule } from "./schedule-place.ts";

export type CrontabAnswer = CrontabChange & { dryRun: boolean };

/** What `schedule install` and `schedule uninstall` take. */
export const crontabOptions = [
  { flags: "--force", summary: "Take away a block that was damaged or edited" },
  messageOption,
  lockWaitOption,
];

/**
 * Changes the block in the user's crontab, or says what would be changed.
 * @throws StudioError (exit 8) where there is no cron, (exit 2) where the block was damaged, and not forced
 */
export async function changeCrontabBlock(
  context: Context,
  input: Input,
  action: "install" | "uninstall",
): Promise<{ result: CrontabAnswer }> {
  const { changeCrontab, previewCrontab } = await import("../schedule/backends/install.ts");
  const { systemZone } = await import("../schedule/backends/system-zone.ts");
  const { dryRun } = context.options;
  const request = {
    place: await openSchedule(context),
    env: context.env,
    zone: systemZone(),
    action,
    force: flagOption(input, "force"),
    message: textOption(input, "message") ?? null,
  };
  if (dryRun) return { result: { ...(await previewCrontab(request)), dryRun } };
  const desk = await context.desk({ lockWait: textOption(input, "lockWait") });
  return { result: { ...(await changeCrontab(desk, request)), dryRun } };
}

/** @param done what to say of a change, and of none */
export function describeCrontab(
  { block, changed, dryRun }: CrontabAnswer,
  done: { changed: string; unchanged: string },
): Block[] {
  if (!dryRun) return [text(changed ? done.changed : done.unchanged, "good")];
  return [
    text(changed ? "The crontab would be changed." : "The crontab would stay as it is."),
    text(block ?? "No lines would be in it."),
  ];
}
