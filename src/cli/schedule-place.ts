import { hostname } from "node:os";
import type { SchedulePlace } from "../schedule/place.ts";
import type { Context } from "./context.ts";

/** The jobs of the environment that was named, on this machine. */
export async function openSchedule(context: Context): Promise<SchedulePlace> {
  const { schedulePlace } = await import("../schedule/place.ts");
  const { packageRoot } = await import("../package-root.ts");
  return schedulePlace(await context.project(), {
    host: hostname(),
    node: process.execPath,
    packageRoot,
    now: context.now,
  });
}
