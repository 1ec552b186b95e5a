import { StudioError, exitCodes } from "../errors.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { formatPath } from "./tree.ts";

/**
 * Reads settings that were stored as JSON, such as those of a release. What an older studio did
 * not know yet gets its default; what a newer one added is refused.
 */
export function parseFrozenSettings(json: unknown): Settings {
  const result = settingsSchema.safeParse(json);
  if (result.success) return result.data;
  const paths = result.error.issues.map((issue) => {
    const path = issue.path.map((one) => (typeof one === "number" ? one : String(one)));
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
    return keys.length === 0 ? formatPath(path) : keys.map((key) => formatPath([...path, key]));
  });
  throw new StudioError({
    code: "settings.unreadable",
    message: `The stored settings cannot be read: ${paths.flat().join(", ")} not as expected.`,
    hint: "They were written by a newer studio, or changed by hand. Use the studio that wrote them.",
    exitCode: exitCodes.unavailable,
    details: paths.flat(),
  });
}
