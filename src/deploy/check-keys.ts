import { basename } from "node:path";
import { fingerprintOf } from "../backup/keys/key-notes.ts";
import { tryKeys } from "../backup/keys/round-trip.ts";
import type { Project } from "../config/project.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { readIdentities } from "./identities.ts";
import { configuredRecipients, noteSeenKeys, readKeyNotes } from "./key-notes-file.ts";

export interface KeyReport {
  /** The configured recipients, in their order. */
  recipients: {
    recipient: string;
    /** Whether it was seen to decrypt just now. */
    proven: boolean;
    /** When it was last seen to, ISO 8601, UTC; null: never. */
    seen: string | null;
  }[];
  /** Recipients of the identities that belong to none of the configured ones. */
  strangers: string[];
}

/**
 * Tells of each configured recipient when its private half was last seen to decrypt, after trying
 * the identities that were given.
 * @param identityFiles absolute paths
 */
export async function checkKeys(
  project: Project,
  identityFiles: readonly string[],
  now: Date,
): Promise<KeyReport> {
  const recipients = configuredRecipients(project);
  const texts = await readIdentities(identityFiles);
  const files = texts.map((text, index) => ({
    text,
    source: basename(identityFiles[index] ?? ""),
  }));
  const { proven, strangers } = tryKeys(recipients, files);
  const notes = proven.length === 0 ? readKeyNotes(project) : noteSeenKeys(project, proven, now);
  return {
    recipients: recipients.map((recipient) => ({
      recipient,
      proven: proven.includes(recipient),
      seen: notes.get(fingerprintOf(recipient)) ?? null,
    })),
    strangers,
  };
}

/** Notes which configured keys are among identities that were just used to read backups. */
export function noteWorkingKeys(project: Project, identities: readonly string[], now: Date): void {
  const files = identities.map((text) => ({ text, source: "the identity file" }));
  const { proven } = tryKeys(configuredRecipients(project), files);
  if (proven.length > 0) noteSeenKeys(project, proven, now);
}

/** The error that goes with a report that leaves doubt (exit 4), or null. */
export function keyError({ recipients }: KeyReport, tried: boolean): StudioError | null {
  const unseen = recipients.filter(({ seen }) => seen === null);
  const [first] = unseen;
  if (first !== undefined) {
    const names = unseen.map(({ recipient }) => recipient).join(", ");
    return failure(
      `Never seen to decrypt: the private half of ${names}.`,
      "Where its file is at hand: studio backup key check --identity FILE.",
    );
  }
  if (!tried || recipients.length === 0 || recipients.some(({ proven }) => proven)) return null;
  return failure(
    "The identities that were given decrypt for none of the configured recipients.",
    "Give the file whose public key stands in backup.recipients.",
  );
}

function failure(message: string, hint: string): StudioError {
  return new StudioError({
    code: "backup.key-unproven",
    message,
    hint,
    exitCode: exitCodes.checkFailed,
  });
}
