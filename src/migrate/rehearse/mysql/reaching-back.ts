import type { Connection, RowDataPacket } from "mysql2/promise";
import { quoteName } from "../../../database/mysql/session.ts";
import { namesDatabase } from "./names-live.ts";

const query = `
  SELECT 'VIEW' AS kind, TABLE_NAME AS name, VIEW_DEFINITION AS body
  FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?
  UNION ALL SELECT 'TRIGGER', TRIGGER_NAME, ACTION_STATEMENT
  FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
  UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, ROUTINE_DEFINITION
  FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?`;

/**
 * Drops what was copied and names the original database in its text: through a trigger, a routine
 * or a view, a change of the copy would write there.
 * @returns what was left out, in sentences
 */
export async function dropReachingBack(
  connection: Connection,
  { live, name }: { live: string; name: string },
): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(query, [name, name, name]);
  const notes: string[] = [];
  for (const { kind, name: object, body } of rows as Record<string, string | null>[]) {
    // A body that this user may not read can hold anything.
    if (body !== null && body !== undefined && !namesDatabase(body, live)) continue;
    await connection.query(`DROP ${kind} IF EXISTS ${quoteName(name)}.${quoteName(object ?? "")}`);
    notes.push(
      `The copy has no ${kind?.toLowerCase()} ${object}: it ${body === null ? "cannot be read by this user" : `names the database ${live}`}.`,
    );
  }
  return notes;
}
