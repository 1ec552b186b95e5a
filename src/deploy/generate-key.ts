import { open, readFile, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { generateIdentity, identityFileText } from "../backup/age/identity.ts";
import { tryKeys } from "../backup/keys/round-trip.ts";
import type { Project } from "../config/project.ts";
import { reasonOf, systemCode, usageError } from "../errors.ts";

export interface NewKey {
  /** The absolute path of the file with the private half. */
  file: string;
  /** The public half. */
  recipient: string;
  /** What to put into studio.yaml, so that new snapshots are encrypted to it too. */
  configuration: string;
}

/**
 * Makes an age key, writes it into a new file that its owner alone can read, and proves what was
 * written by a round trip. The private half is nowhere else.
 * @throws StudioError (usage) where there is a file already, or none can be made
 */
export async function generateKey(project: Project, file: string, now: Date): Promise<NewKey> {
  const key = generateIdentity();
  await writeNew(file, identityFileText(key, now));
  const text = await readFile(file, "utf8");
  const { proven } = tryKeys([key.recipient], [{ text, source: basename(file) }]);
  if (proven.length === 0) throw new Error("A key that was just made does not decrypt.");
  const recipients = [...project.settings.backup.recipients, key.recipient];
  const lines = recipients.map((recipient) => `    - ${recipient}\n`).join("");
  const configuration = `backup:\n  recipients:\n${lines}`;
  return { file, recipient: key.recipient, configuration };
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600).catch((error: unknown) => {
    if (systemCode(error) === "EEXIST") {
      throw usageError(
        `${file} exists already, and may hold a key that backups need.`,
        "Name another file with --output FILE.",
      );
    }
    throw unwritable(file, error);
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(file, { force: true });
    throw unwritable(file, error);
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unwritable(file: string, error: unknown): Error {
  return usageError(
    `The key cannot be written to ${file}: ${reasonOf(error)}.`,
    "Name another file with --output FILE.",
  );
}
