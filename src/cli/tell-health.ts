import { text } from "node:stream/consumers";
import type { HealthStanding } from "../server/daemon-spec.ts";
import type { Context } from "./context.ts";

/**
 * Tells the channels how the components of the API stand, which a daemon says on the standard input.
 * @returns false where somebody could not be told, and may be by another attempt
 */
export async function tellHealth(context: Context, input: NodeJS.ReadableStream): Promise<boolean> {
  const standings = JSON.parse(await text(input)) as HealthStanding[];
  const { openNotify, warnUndelivered } = await import("./notify-place.ts");
  const { healthEvents } = await import("../notify/observe/health.ts");
  const { tell } = await import("../notify/tell.ts");
  const place = await openNotify(context);
  const undelivered = await tell(place, healthEvents(place, standings));
  warnUndelivered(context, undelivered);
  return undelivered.every(({ givenUp }) => givenUp);
}
