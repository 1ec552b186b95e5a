import { openSession } from "../../../database/session.ts";
import type { CloneObserver } from "../clone-scene.ts";
import type { Clone } from "../clone.ts";
import { sessionName } from "../../session-name.ts";
import type { RehearsalInput } from "../rehearsal-input.ts";
import { displayName, readRelations } from "./relations.ts";
import { readPostgresSizes } from "./sizes.ts";
import { PostgresWatch } from "./watch.ts";

/** Looks at a copy of a PostgreSQL database from a connection of its own. */
export async function observePostgres(
  { database, who }: RehearsalInput,
  { address }: Clone,
): Promise<CloneObserver> {
  const applicationName = sessionName(who, "rehearse");
  const observer = await openSession(address, { applicationName });
  const existing = await readRelations(observer);
  const watch = new PostgresWatch({ place: "clone", observer, existing });
  return {
    watch,
    async begin(session) {
      const { rows } = await session.raw<{ rows: { backend: number }[] }>(
        "SELECT pg_catalog.pg_backend_pid() AS backend",
      );
      watch.beginMigration(rows[0]?.backend ?? 0);
    },
    async cancel() {
      await observer.raw("SELECT pg_catalog.pg_cancel_backend(?)", [watch.backend]);
    },
    async sizes(tables) {
      const relations = [...existing.all()].filter((one) => tables.has(displayName(one)));
      const session = await openSession(database, { applicationName });
      try {
        await session.raw("SET lock_timeout = '2s'");
        return await readPostgresSizes(session, relations);
      } finally {
        await session.destroy();
      }
    },
    notes: () => [],
    close: () => observer.destroy(),
  };
}
