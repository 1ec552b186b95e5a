import { setImmediate as turn } from "node:timers/promises";
import type { Sealer } from "../age/seal.ts";
import { sealerFor } from "../age/sealer.ts";
import { compressAside } from "../format/zstd.ts";
import { Packer } from "./packer.ts";
import type { FinishedObject, Job, JobResult, PackSettings } from "./protocol.ts";

/**
 * Works off jobs in this thread, and lets others have their turn between two of them and while
 * something is compressed.
 */
export class PackHere {
  readonly #packer: Packer;
  readonly #putting = new Set<Promise<void>>();
  #before: Promise<unknown> = Promise.resolve();
  #failure: { error: unknown } | null = null;

  static async open(
    settings: PackSettings,
    put: (object: FinishedObject) => Promise<void>,
  ): Promise<PackHere> {
    return new PackHere(settings, await sealerFor(settings.recipients), put);
  }

  private constructor(
    settings: PackSettings,
    sealer: Sealer | null,
    put: (object: FinishedObject) => Promise<void>,
  ) {
    this.#packer = new Packer(settings, {
      sealer,
      compress: compressAside,
      finished: (object) => {
        const work = this.#put(object, put);
        this.#putting.add(work);
        void work.finally(() => this.#putting.delete(work));
      },
    });
  }

  run(job: Job): Promise<JobResult> {
    const result = this.#before.then(async () => {
      await turn();
      if (this.#failure !== null) throw this.#failure.error;
      return await this.#packer.run(job);
    });
    this.#before = result.catch(() => undefined);
    return result;
  }

  /** Waits until every object so far is in the repository. */
  async settle(): Promise<void> {
    while (this.#putting.size > 0) await Promise.all(this.#putting);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #put(object: FinishedObject, put: (object: FinishedObject) => Promise<void>) {
    try {
      await put(object);
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#packer.giveBack(object.buffer);
  }
}
