import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type KeyNotes,
  fingerprintOf,
  formatKeyNotes,
  parseKeyNotes,
  withSeen,
} from "../backup/keys/key-notes.ts";
import type { Project } from "../config/project.ts";
import { systemCode } from "../errors.ts";
import { replaceFile } from "../replace-file.ts";

type Place = Pick<Project, "settings" | "directory">;

/**
 * Beside the ledger, for it is no cache: nothing else knows that somebody once held the key. It
 * says nothing of the key itself.
 */
function fileOf({ directory }: Place): string {
  return join(directory, ".studio", "backup-keys.json");
}

/** When the private half of each recipient was last seen to decrypt. */
export function readKeyNotes(project: Place): KeyNotes {
  try {
    return parseKeyNotes(readFileSync(fileOf(project), "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return new Map();
    throw error;
  }
}

/** Notes that the private halves of these recipients were seen to decrypt now. */
export function noteSeenKeys(project: Place, recipients: readonly string[], now: Date): KeyNotes {
  const notes = withSeen(readKeyNotes(project), recipients, now);
  const file = fileOf(project);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, formatKeyNotes(notes));
  return notes;
}

/** The configured recipients whose private half was never seen to decrypt. */
export function unseenRecipients(project: Place): string[] {
  const recipients = configuredRecipients(project);
  if (recipients.length === 0) return [];
  const notes = readKeyNotes(project);
  return recipients.filter((one) => !notes.has(fingerprintOf(one)));
}

/** As they are written by age: what they are known by. */
export function configuredRecipients({ settings }: Place): string[] {
  return [...new Set(settings.backup.recipients.map((recipient) => recipient.trim()))];
}
