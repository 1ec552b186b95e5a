import { statSync } from "node:fs";
import { dirname } from "node:path";
import { repositoryFolder } from "./backup-repository.ts";
import { existingAncestor } from "./existing-ancestor.ts";
import { unseenRecipients } from "./key-notes-file.ts";
import type { View } from "./view.ts";

/** What could make the backups of an environment worthless when they are needed, in sentences. */
export function backupDoubts(place: View): string[] {
  const { project, desk, database } = place;
  const doubts = unseenRecipients(project).map(
    (recipient) =>
      `The private half of ${recipient} was never seen to decrypt: ` +
      "studio backup key check --identity FILE tries it.",
  );
  const repository = repositoryFolder(project);
  if (repository === null) return doubts;
  const data = database.file === null ? [] : [dirname(database.file)];
  if ([desk.paths.data, ...data].some((folder) => shareDisk(folder, repository))) {
    doubts.push(
      `The repository ${repository} lies on the disk of the data, and one fault takes both: ` +
        "set backup.repository to another disk, or copy snapshots with studio backup copy.",
    );
  }
  return doubts;
}

/** Whether two paths, which need not exist yet, belong to one file system. */
export function shareDisk(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(existingAncestor(path)).dev);
  return a === b;
}
