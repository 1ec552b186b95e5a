import { hash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { type StoredBase, readBase, writeBase } from "../base/base-file.ts";
import type { Base } from "../base/base.ts";
import type { UsableBase } from "../base/known-content.ts";
import { usableObjects } from "../base/usable.ts";
import { decodeCommit } from "../format/commit.ts";
import { snapshotKey } from "../format/layout.ts";
import type { RepositoryConfig } from "../open-repository.ts";
import type { Store } from "../store/store.ts";

const ending = ".known";

/** A run that was killed left the first; the second is how earlier versions kept what they knew. */
const abandoned = /\.(tmp|base)$/;

export interface BasesOptions {
  store: Store;
  config: RepositoryConfig;
  /** A folder of this machine that outlives the run. */
  directory: string;
  /** Tells the sets of one repository apart: their names, and what else they are made of. */
  set: string;
}

/**
 * The bases that this machine keeps of a repository, one for each set. One is used while its
 * snapshot is in the repository; what is encrypted to other recipients counts as another repository.
 */
export class Bases {
  readonly #options: BasesOptions;
  readonly #key: string;
  #own: StoredBase | null = null;

  constructor(options: BasesOptions) {
    this.#options = options;
    const { id, recipients } = options.config;
    this.#key = JSON.stringify([id, recipients.toSorted()]);
  }

  /** @param there bytes of the objects that are in the repository */
  async load(
    there: ReadonlyMap<string, number>,
  ): Promise<{ own: UsableBase | null; others: UsableBase[] }> {
    const { directory } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const ownFile = this.#file();
    const others: UsableBase[] = [];
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      // None but the one that has the repository's lock writes there.
      if (abandoned.test(name)) rmSync(file, { force: true });
      if (file === ownFile || !name.endsWith(ending)) continue;
      const other = await this.#usable(readBase(file, this.#key)?.base, there);
      if (other !== null) others.push(other);
    }
    this.#own = readBase(ownFile, this.#key);
    return { own: await this.#usable(this.#own?.base, there), others };
  }

  /** Keeps a base if it can be: without, the next run reads everything again, and that is all. */
  save(base: Base): void {
    try {
      writeBase(this.#file(), this.#key, base, this.#own);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  #file(): string {
    const { directory, set } = this.#options;
    return join(directory, `${hash("sha256", set).slice(0, 16)}${ending}`);
  }

  async #usable(
    base: Base | undefined,
    there: ReadonlyMap<string, number>,
  ): Promise<UsableBase | null> {
    const { store } = this.#options;
    if (base === undefined) return null;
    const bytes = await store.get(snapshotKey(base.snapshot, "COMMIT"));
    if (bytes === null || checksumOf(bytes, base.snapshot) !== base.commit) return null;
    const sizes = new Map(base.objects.map(({ sha256, storedBytes }) => [sha256, storedBytes]));
    const usable = usableObjects(base, (sha256) => there.get(sha256) === sizes.get(sha256));
    return { base, usable };
  }
}

function checksumOf(bytes: Buffer, id: string): string | null {
  try {
    return decodeCommit(bytes, id).checksum;
  } catch {
    return null;
  }
}
