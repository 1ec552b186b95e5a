import { usageError } from "../errors.ts";

/** Reads a duration that was typed; gives milliseconds. @throws StudioError (exit 2) */
export async function readDuration(text: string): Promise<number> {
  const { parseDuration } = await import("../config/quantity.ts");
  try {
    return parseDuration(text);
  } catch {
    throw usageError(`"${text}" is not a duration.`, "Write it as 30s, 5m or 2h.");
  }
}
