import { readIncident, writeIncident } from "../ledger/incidents.ts";
import { type Ledger, openLedger } from "../ledger/ledger.ts";
import { insertNotice, isNoticed } from "../ledger/notices.ts";
import { type Incident, decide } from "./decide.ts";
import { type Undelivered, deliverWaiting } from "./deliver.ts";
import type { Message, NotifyEvent } from "./event.ts";
import type { NotifyPlace } from "./place.ts";
import { channelsFor } from "./routes.ts";

/**
 * Tells events to the channels that the routes name, and what earlier runs could not deliver. What is
 * to be told is in the ledger before anything is sent, so that a killed process takes nothing along.
 * @returns what could not be delivered; a later call tries that again
 */
export async function tell(
  place: NotifyPlace,
  events: readonly NotifyEvent[],
): Promise<Undelivered[]> {
  if (place.settings.routes.length === 0) return [];
  const ledger = openLedger(place.paths.ledger);
  try {
    for (const event of events) {
      ledger.transaction(() => note(place, ledger, event)).immediate();
    }
    return await deliverWaiting(place, ledger);
  } finally {
    ledger.close();
  }
}

function note(place: NotifyPlace, ledger: Ledger, event: NotifyEvent): void {
  const { project, environment, host, settings, now } = place;
  if (isNoticed(ledger, event.id)) return;
  const { subject } = event;
  const before = readIncident(ledger, environment, subject) as Incident | null;
  const { tell: isTold, routedAs, recovered, incident } = decide(event, before, now());
  if (incident !== before) writeIncident(ledger, { environment, subject }, incident);
  const channels = isTold
    ? channelsFor({ kind: event.kind, level: routedAs }, settings.routes)
    : [];
  // What nobody is told of, and changes nothing, may be noticed again.
  if (channels.length === 0 && incident === before) return;
  const message: Message = { ...event, project, environment, host, recovered };
  insertNotice(ledger, { id: event.id, environment, at: now().toISOString(), message }, channels);
}
