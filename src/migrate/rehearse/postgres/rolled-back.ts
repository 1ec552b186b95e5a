import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { StudioError, exitCodes } from "../../../errors.ts";

/** How long the server may take to roll a transaction back, in milliseconds. */
const patience = 10_000;

/**
 * Makes sure that a transaction is over and took no effect, by asking the server.
 * @param transaction its number, as `txid_current()` told it
 */
export async function expectRolledBack(observer: Knex, transaction: string): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    const { rows } = await observer.raw<{ rows: { status: string | null }[] }>(
      "SELECT pg_catalog.txid_status(?::bigint) AS status",
      [transaction],
    );
    const status = rows[0]?.status ?? null;
    if (status === "aborted") return;
    if (status === "committed") throw committed();
    if (performance.now() > deadline) throw stillOpen();
    await sleep(100);
  }
}

function committed(): StudioError {
  return new StudioError({
    code: "rehearsal.committed",
    message:
      "A migration ended the transaction of the rehearsal past studio, on the connection itself: " +
      "what came before that took effect in the database.",
    hint: "See what the migration did, take it back by hand, and rehearse it with --on clone.",
    exitCode: exitCodes.notUndone,
  });
}

function stillOpen(): StudioError {
  return new StudioError({
    code: "rehearsal.stillOpen",
    message: `The server has not rolled the rehearsal's transaction back after ${patience / 1000} s.`,
    hint: "Look for its session in pg_stat_activity (application_name begins with studio rehearse), and end it with pg_terminate_backend.",
    exitCode: exitCodes.notUndone,
  });
}
