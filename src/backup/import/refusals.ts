import { StudioError, exitCodes } from "../../errors.ts";
import { roughBytes } from "../../format/rough.ts";
import { escapePath } from "../format/path-text.ts";

/** An archive asks for what no honest one needs. */
export function unsafeMember(name: string, reason: string): StudioError {
  const member = shortened(name);
  return new StudioError({
    code: "import.unsafe",
    message: `The archive is refused: its member ${member} ${reason}. Nothing was imported.`,
    hint: "Look at it with `tar -tvf`. What you trust of it, unpack yourself, pack it again and import that.",
    exitCode: exitCodes.usage,
    details: { member },
  });
}

/** An archive is cut off, or holds bytes that no program writes. */
export function brokenArchive(reason: string): StudioError {
  return new StudioError({
    code: "import.damaged",
    message: `The archive cannot be read: ${reason}. Nothing was imported.`,
    hint: "Compare its checksum with the original's, and copy it again.",
    exitCode: exitCodes.checkFailed,
  });
}

export function tooLarge(bytes: number, limit: number): StudioError {
  return new StudioError({
    code: "import.tooLarge",
    message: `The archive holds more than ${roughBytes(limit)} when unpacked (${roughBytes(bytes)} so far), far more than its size lets expect. Nothing was imported.`,
    hint: "If it is meant to be so large, say how large: --max-size 100GB.",
    exitCode: exitCodes.usage,
  });
}

export function noRoom(needed: number, free: number, folder: string): StudioError {
  return diskFull(folder, `needs ${roughBytes(needed)} more, and ${roughBytes(free)} are free`);
}

export function diskFull(folder: string, figures = "fills the disk"): StudioError {
  return new StudioError({
    code: "import.full",
    message: `The archive is unpacked in ${folder}, where it ${figures}. Nothing was imported.`,
    hint: "Free some space on the disk of the project.",
    exitCode: exitCodes.unavailable,
  });
}

/** A name for a message: one line, and not longer than is of use. */
function shortened(name: string): string {
  const text = escapePath(name);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
