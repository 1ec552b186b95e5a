import { type ExitCode, exitCodes, reasonOf } from "../errors.ts";
import type { NotifyEvent } from "../notify/event.ts";
import type { NotifyPlace } from "../notify/place.ts";
import type { SchedulePlace } from "../schedule/place.ts";
import type { Context } from "./context.ts";

/** Set for the program of a job, whose end is told as that of the job. */
export const insideJob = "STUDIO_JOB";

/** Tells the channels what became of the operations that a command carried out. */
export async function tellOutcome(
  context: Context,
  begun: Date,
  exitCode: ExitCode,
): Promise<void> {
  if (!context.operated() || context.env[insideJob] !== undefined) return;
  await telling(context, async (place) => {
    const { operationsSince } = await import("../notify/observe/outcome.ts");
    return operationsSince(place, begun, exitCode === exitCodes.notUndone);
  });
}

/** Tells the channels what became of runs of jobs since then, and which job nothing runs. */
export async function tellJobs(
  context: Context,
  schedule: SchedulePlace,
  begun: Date,
): Promise<void> {
  await telling(context, async (place) => {
    const { jobsSince } = await import("../notify/observe/outcome.ts");
    const { overdueEvents } = await import("../notify/observe/jobs.ts");
    const { checkJobs } = await import("../schedule/check.ts");
    return [...jobsSince(place, begun), ...overdueEvents(checkJobs(schedule), context.now())];
  });
}

/** Whatever goes wrong here is a warning: the command has ended as it has. */
async function telling(
  context: Context,
  look: (place: NotifyPlace) => Promise<NotifyEvent[]>,
): Promise<void> {
  try {
    // Without a project there was no operation, and the command says itself why there is none.
    const project = await context.project().catch(() => null);
    if (project === null || project.settings.notify.routes.length === 0) return;
    const { openNotify, warnUndelivered } = await import("./notify-place.ts");
    const { tell } = await import("../notify/tell.ts");
    const place = await openNotify(context);
    warnUndelivered(context, await tell(place, await look(place)));
  } catch (error) {
    context.output.warn(`Nobody could be notified: ${reasonOf(error)}`);
  }
}
