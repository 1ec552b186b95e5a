import { renameSync, rmSync } from "node:fs";
import { StudioError, exitCodes } from "../../errors.ts";
import { escapePath, systemPath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";
import type { RestoreJournal } from "./journal.ts";
import { SafeFolders } from "./safe-path.ts";

export interface PlacerOptions {
  /** The folder restored to, free of symbolic links. */
  target: string;
  journal: RestoreJournal;
  /** Whether what is in the way may be moved aside. */
  mayReplace: boolean;
}

/** Puts finished files where they belong, and keeps what was there. */
export class Placer {
  readonly target: string;
  readonly replaced: { path: string; keptAs: string }[] = [];
  written = 0;
  readonly #journal: RestoreJournal;
  readonly #mayReplace: boolean;
  readonly #folders: SafeFolders;

  constructor({ target, journal, mayReplace }: PlacerOptions) {
    this.target = target;
    this.#journal = journal;
    this.#mayReplace = mayReplace;
    this.#folders = new SafeFolders(target);
  }

  /** Announces paths at which nothing is, and which will be made at once. */
  announce(paths: readonly string[]): void {
    for (const path of paths) {
      this.#folders.check(path);
      if (lookAt(`${this.target}/${path}`) !== null) throw appeared(path, this.target);
    }
    this.#journal.create(paths);
    this.written += paths.length;
  }

  /** Makes room at a path, whatever is there. */
  async clear(path: string): Promise<void> {
    this.#folders.check(path);
    this.written += 1;
    if (lookAt(`${this.target}/${path}`) === null) return this.#journal.create([path]);
    if (!this.#mayReplace) throw appeared(path, this.target);
    this.replaced.push({ path, keptAs: await this.#journal.replace(path) });
  }

  /** Moves a finished file to its place. */
  async place(temporary: string, path: string): Promise<void> {
    try {
      await this.clear(path);
      renameSync(systemPath(temporary), systemPath(`${this.target}/${path}`));
    } catch (error) {
      rmSync(systemPath(temporary), { force: true });
      throw error;
    }
  }
}

function appeared(path: string, target: string): StudioError {
  return new StudioError({
    code: "restore.conflict",
    message: `${escapePath(path)} appeared in ${target} while the snapshot was restored; it was left alone.`,
    hint: "Run the same restore again.",
    exitCode: exitCodes.incomplete,
  });
}
