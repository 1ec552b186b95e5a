import type { Ledger } from "../../ledger/ledger.ts";
import { type OperationRow, findUnfinished, listOperationsEnded } from "../../ledger/operations.ts";
import type { NotifyEvent } from "../event.ts";

/** What an operator did himself is no alarm. */
const broken: ReadonlySet<string> = new Set(["aborted", "interrupted"]);

/**
 * What became of the operations of an environment that ended since then.
 * @param stuck whether the one that has no end yet could not be undone
 */
export function operationEvents(
  ledger: Ledger,
  { environment, since, stuck }: { environment: string; since: Date; stuck: boolean },
): NotifyEvent[] {
  const ended = listOperationsEnded(ledger, environment, since).map(describeEnd);
  const unfinished = stuck ? findUnfinished(ledger, environment) : null;
  return unfinished === null ? ended : [...ended, describeStuck(unfinished)];
}

function describeEnd(row: OperationRow): NotifyEvent {
  const { id, kind, outcome, error, finishedAt, startedAt } = row;
  const isGood = outcome === "succeeded";
  const wasBroken = error !== null && broken.has(error.code);
  return {
    ...about(row),
    id: `operation:${id}`,
    level: isGood ? "info" : wasBroken ? "warning" : "error",
    state: isGood ? "good" : "bad",
    title: `The operation "${kind}" ${isGood ? "succeeded" : outcome === "left" ? "was left as it is" : "was undone"}`,
    text: [byWhom(row), ...(error === null ? [] : [error.message])].join(" "),
    hint: `studio history ${id}`,
    at: finishedAt ?? startedAt,
  };
}

function describeStuck(row: OperationRow): NotifyEvent {
  return {
    ...about(row),
    id: `operation:${row.id}:stuck`,
    level: "critical",
    state: "bad",
    title: `The operation "${row.kind}" failed, and could not be undone fully`,
    text: byWhom(row),
    hint: "studio abort, once the cause is mended",
    at: row.startedAt,
  };
}

const about = ({ kind }: OperationRow) =>
  ({ kind: "operation", subject: `operation:${kind}` }) as const;

function byWhom({ user, host, message }: OperationRow): string {
  return `By ${user} on ${host}${message === null ? "" : `: ${message}`}.`;
}
