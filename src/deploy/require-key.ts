import { usageError } from "../errors.ts";
import { stateOfKey } from "../keys/key-store.ts";
import { needsKey } from "../server/authentication.ts";
import { withKeys } from "./key-database.ts";
import type { Workplace } from "./workplace.ts";

/**
 * A daemon that nobody can ask is refused at once, with what makes a key.
 * @param configured how many keys the settings have
 * @throws StudioError (exit 2)
 */
export async function requireKey(
  place: Workplace,
  host: string,
  configured: number,
): Promise<void> {
  if (!needsKey(host, place.project.settings.serve.auth.required, configured)) return;
  if (configured > 0) return;
  const keys = await withKeys(place, (store) => store.list());
  const now = place.desk.now();
  if (keys.some((key) => stateOfKey(key, now) === "valid")) return;
  throw usageError(
    `The API at ${host} needs a key for every request, and there is none.`,
    "`studio key create --role admin` makes one; or set serve.host to 127.0.0.1.",
  );
}
