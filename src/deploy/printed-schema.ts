import { openSession } from "../database/session.ts";
import { asServerPrints } from "../migrate/schema/canonical.ts";
import { compareSchemas } from "../migrate/schema/compare.ts";
import type { Schema } from "../migrate/schema/model.ts";
import { backupWorkDirectory } from "./backup-repository.ts";
import type { View } from "./view.ts";

/**
 * The declared schema in the words of the server, to be compared with the live one: what a person
 * writes (`price > 0 and paid`) is not what the server prints. It is made in an empty database
 * beside the live one, which is removed again; only where something is different, and the user may.
 */
export async function asPrinted(
  { database, project, desk, variables }: View,
  declared: Schema,
  live: Schema,
): Promise<Schema> {
  if (compareSchemas(declared, live).length === 0) return declared;
  const { openClone } = await import("../migrate/rehearse/clone.ts");
  try {
    const { lockTimeout } = project.settings.migrate;
    const clone = { env: variables, scratch: backupWorkDirectory(project) };
    const scratch = await openClone({ database, lockTimeout, now: desk.now, clone }, "nothing");
    try {
      const session = await openSession(scratch.address, { applicationName: "studio" });
      try {
        return await asServerPrints(session, declared);
      } finally {
        await session.destroy();
      }
    } finally {
      await scratch.remove();
    }
  } catch {
    // Compared as it is written: a difference of words alone is then told as one.
    return declared;
  }
}
