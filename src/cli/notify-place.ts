import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Undelivered } from "../notify/deliver.ts";
import type { NotifyPlace } from "../notify/place.ts";
import type { Context } from "./context.ts";
import { secretReader } from "./secret-reader.ts";

/** The channels of the environment that was named. */
export async function openNotify(context: Context): Promise<NotifyPlace> {
  const { notifyPlace } = await import("../notify/place.ts");
  const project = await context.project();
  return notifyPlace(project, {
    host: hostname(),
    now: context.now,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
    readSecret: secretReader(context),
  });
}

/** Warns of messages that did not arrive. */
export function warnUndelivered(context: Context, undelivered: readonly Undelivered[]): void {
  for (const { channel, title, reason, givenUp } of undelivered) {
    const then = givenUp
      ? "It is not tried again: see `studio notify list --open`."
      : "It is tried again later.";
    context.output.warn(`"${title}" did not reach the channel ${channel}: ${reason}. ${then}`);
  }
}
