import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CreateOptions } from "../../../src/backup/create/create.ts";
import { importArchive } from "../../../src/backup/import/import.ts";
import type { Member } from "../../../src/backup/sources/source.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { restore, snapshot, temporaryFolder } from "./fixtures.ts";

/** Imports an archive and restores what became of it. */
export async function imported(file: string, options: Partial<CreateOptions> = {}) {
  const folder = temporaryFolder();
  const { store = memoryStore() } = options;
  const report = await importArchive(
    { file, scratch: join(folder, "scratch"), maxBytes: null, now: new Date() },
    (source) => snapshot({ ...options, store, sources: [source], transient: true }),
  );
  const target = join(folder, "restored");
  await restore({ store, id: report.snapshot.id, target });
  return { report, target };
}

/** What the members of an archive become, with the contents of files. */
export async function unpacked(
  file: string,
  scratch: string,
  maxBytes: number | null = null,
): Promise<(Member & { content?: Buffer })[]> {
  const options = { file, scratch, maxBytes, now: new Date() };
  return importArchive(options, async (source) => {
    const members: Member[] = [];
    const silent = (): void => undefined;
    const reports = { skip: silent, vanish: silent, ignore: silent, link: silent, note: silent };
    const context = { ...reports, database: silent, scratch, avoid: new Set<string>() };
    for await (const batch of source.members({ ...context, signal: undefined })) {
      members.push(...batch);
    }
    return members.map((one) =>
      one.type === "file" ? { ...one, content: readFileSync(one.file) } : one,
    );
  });
}
