import { readIncident } from "../../ledger/incidents.ts";
import { type Ledger, openLedgerForReading } from "../../ledger/ledger.ts";
import type { HealthStanding } from "../../server/daemon-spec.ts";
import type { NotifyEvent } from "../event.ts";
import type { NotifyPlace } from "../place.ts";

/**
 * What is told of the components of the API. One that is well is told of where somebody noticed that
 * it was not, be it in a process that is gone.
 */
export function healthEvents(
  { environment, paths }: Pick<NotifyPlace, "environment" | "paths">,
  standings: readonly HealthStanding[],
): NotifyEvent[] {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    return standings
      .filter((one) => one.status !== "healthy" || stoodBadly(ledger, environment, one))
      .map(describe);
  } finally {
    ledger?.close();
  }
}

const subjectOf = ({ component }: HealthStanding): string => `health:${component}`;

function stoodBadly(ledger: Ledger | null, environment: string, one: HealthStanding): boolean {
  return ledger !== null && readIncident(ledger, environment, subjectOf(one)) !== null;
}

function describe(standing: HealthStanding): NotifyEvent {
  const { component, status, reason, overall, at } = standing;
  const isGood = status === "healthy";
  const why = isGood ? [] : [reason === null ? "It works, but not as it should." : `${reason}.`];
  return {
    id: `${subjectOf(standing)}:${status}:${at}`,
    kind: "health",
    level: isGood ? "info" : status === "degraded" ? "warning" : "critical",
    state: isGood ? "good" : "bad",
    subject: subjectOf(standing),
    title: `The component "${component}" of the API is ${status}`,
    text: [...why, `The API as a whole is ${overall}.`].join(" "),
    hint: "studio status",
    at,
  };
}
