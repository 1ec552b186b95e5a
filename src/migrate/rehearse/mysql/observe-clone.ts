import { mysqlDatabase } from "../../../database/mysql/options-file.ts";
import type { CloneObserver } from "../clone-scene.ts";
import type { Clone } from "../clone.ts";
import type { RehearsalInput } from "../rehearsal-input.ts";
import { connect } from "./clone.ts";
import { Probe } from "./probe.ts";
import { readMysqlSizes } from "./table-sizes.ts";
import { MysqlWatch } from "./watch.ts";

/** Looks at a copy of a MySQL database from connections of its own. */
export async function observeMysql(
  { database }: RehearsalInput,
  { address }: Clone,
): Promise<CloneObserver> {
  const observer = await connect(address);
  const probe = new Probe(() => connect(address));
  const live = mysqlDatabase(database);
  const watch = await MysqlWatch.create({ observer, probe, live, copy: mysqlDatabase(address) });
  let connection = 0;
  return {
    watch,
    async begin(session) {
      const [rows] = await session.raw<[{ id: number }[]]>("SELECT CONNECTION_ID() AS id");
      connection = rows?.[0]?.id ?? 0;
    },
    async cancel() {
      await observer.query("KILL QUERY ?", [connection]);
    },
    sizes: () => readMysqlSizes(observer, live),
    notes: () =>
      watch.seesRebuilds
        ? []
        : ["Whether tables are built anew cannot be seen: the user has no PROCESS privilege."],
    async close() {
      await probe.close();
      await observer.end();
    },
  };
}
