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

/** The same, of what shall be valid for a while: it is not nothing. @throws StudioError (exit 2) */
export async function readLifetime(text: string): Promise<number> {
  const milliseconds = await readDuration(text);
  if (milliseconds === 0) throw usageError(`What is valid for ${text} is never valid.`);
  return milliseconds;
}
