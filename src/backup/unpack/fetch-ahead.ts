import { type ObjectName, objectKey } from "../format/object.ts";
import type { Store } from "../store/store.ts";

interface Wanted {
  key: string;
  state: "waiting" | "held" | "taken";
  bytes: Promise<Buffer | null> | null;
}

interface Batch {
  weight: number;
  wanted: Wanted[];
  /** Index of the first that is not on its way. */
  next: number;
}

/**
 * Has as many objects on their way as the store takes requests at once, in the order in which jobs
 * will ask for them: a thread works on one job at a time, and would wait for each of them.
 */
export class FetchAhead {
  readonly #store: Store;
  readonly #encrypted: boolean;
  readonly #batches: Batch[] = [];
  readonly #byKey = new Map<string, Wanted[]>();
  /** Those that were asked for and not taken yet. */
  #held = 0;
  #due = false;

  constructor(store: Store, encrypted: boolean) {
    this.#store = store;
    this.#encrypted = encrypted;
  }

  /**
   * Tells of the objects of a job; the heaviest one comes first, as in the pool.
   * @returns to be called once the job is over: forgets what it did not ask for
   */
  announce(objects: readonly ObjectName[], weight: number): () => void {
    const wanted = objects.map((object): Wanted => {
      const one: Wanted = {
        key: objectKey(object, this.#encrypted),
        state: "waiting",
        bytes: null,
      };
      const same = this.#byKey.get(one.key);
      if (same === undefined) this.#byKey.set(one.key, [one]);
      else same.push(one);
      return one;
    });
    const batch = { weight, wanted, next: 0 };
    const at = this.#batches.findIndex((other) => other.weight < weight);
    this.#batches.splice(at < 0 ? this.#batches.length : at, 0, batch);
    this.#startSoon();
    return () => this.#forget(batch);
  }

  /** The stored bytes of an object, or null where it is missing. */
  fetch(object: ObjectName): Promise<Buffer | null> {
    const key = objectKey(object, this.#encrypted);
    const [wanted] = this.#byKey.get(key) ?? [];
    if (wanted === undefined) return this.#store.get(key);
    const bytes = wanted.bytes ?? this.#store.get(key);
    this.#take(wanted);
    this.#start();
    return bytes;
  }

  /** Jobs come many at once, and the last of them may be the heaviest. */
  #startSoon(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#start();
    });
  }

  #start(): void {
    while (this.#held < this.#store.requestsAtOnce) {
      const [batch] = this.#batches;
      if (batch === undefined) return;
      const wanted = batch.wanted[batch.next];
      batch.next += 1;
      if (wanted === undefined) this.#batches.shift();
      else if (wanted.state === "waiting") this.#hold(wanted);
    }
  }

  #hold(wanted: Wanted): void {
    wanted.state = "held";
    wanted.bytes = this.#store.get(wanted.key);
    // A failure is for the one who takes it; until then it must not count as unhandled.
    wanted.bytes.catch(() => undefined);
    this.#held += 1;
  }

  #take(wanted: Wanted): void {
    if (wanted.state === "held") this.#held -= 1;
    wanted.state = "taken";
    wanted.bytes = null;
    const same = this.#byKey.get(wanted.key)?.filter((one) => one !== wanted) ?? [];
    if (same.length > 0) this.#byKey.set(wanted.key, same);
    else this.#byKey.delete(wanted.key);
  }

  #forget(batch: Batch): void {
    const at = this.#batches.indexOf(batch);
    if (at >= 0) this.#batches.splice(at, 1);
    for (const wanted of batch.wanted) if (wanted.state !== "taken") this.#take(wanted);
    this.#start();
  }
}
