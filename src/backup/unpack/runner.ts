import { objectKey } from "../format/object.ts";
import type { ObjectName } from "../format/object.ts";
import type { Opener } from "../snapshot/open-snapshot.ts";
import type { Store } from "../store/store.ts";
import { FetchAhead } from "./fetch-ahead.ts";
import type { Proof, UnpackJob, UnpackResult } from "./protocol.ts";
import { keepNurserySmall } from "../../small-nursery.ts";
import { fetchedObjects } from "./object-source.ts";
import { Unpacker } from "./unpacker.ts";

/** Runs jobs, wherever it does. */
export interface UnpackRunner {
  run(job: UnpackJob, weight: number): Promise<UnpackResult>;
  /** Ends what is running and waiting: it fails, and nothing is done any more. */
  close(): Promise<void>;
}

/** Below this many stored bytes the work takes less time than starting threads for it. */
const worthThreads = 8 * 1024 * 1024;

export interface RunnerOptions {
  store: Store;
  encrypted: boolean;
  identities: readonly string[];
  opener: Opener | null;
  proof: Proof;
  /** Stored bytes that are going to be read. */
  bytes: number;
}

type Fetch = (object: ObjectName) => Promise<Buffer | null>;

/** Threads for much content, this very thread for little. */
export async function createUnpackRunner(options: RunnerOptions): Promise<UnpackRunner> {
  const { store, encrypted } = options;
  keepNurserySmall();
  if (store.requestsAtOnce === 1) {
    return startRunner(options, (object) => store.get(objectKey(object, encrypted)));
  }
  const ahead = new FetchAhead(store, encrypted);
  const runner = await startRunner(options, (object) => ahead.fetch(object));
  const threads = options.bytes >= worthThreads;
  return {
    async run(job, weight) {
      // This thread takes jobs in the order in which they come.
      const forget = ahead.announce(objectsOf(job), threads ? weight : 0);
      try {
        return await runner.run(job, weight);
      } finally {
        forget();
      }
    },
    close: () => runner.close(),
  };
}

async function startRunner(options: RunnerOptions, fetch: Fetch): Promise<UnpackRunner> {
  const { store, encrypted, identities, opener, proof, bytes } = options;
  if (bytes >= worthThreads) {
    const { createUnpackPool } = await import("./pool.ts");
    return createUnpackPool(fetch, {
      directory: store.localDirectory,
      proof,
      encrypted,
      identities,
    });
  }
  const objects = fetchedObjects(fetch, store.requestsAtOnce > 1);
  const unpacker = new Unpacker({ objects, opener: encrypted ? opener : null, proof });
  // One job at a time: the memory of an archive is used again for the next one.
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  return {
    run(job) {
      const result = last.then(() => {
        if (closed) throw new Error("The work was ended.");
        return unpacker.run(job);
      });
      last = result.catch(() => undefined);
      return result;
    },
    async close() {
      closed = true;
      await last;
    },
  };
}

function objectsOf(job: UnpackJob): ObjectName[] {
  return job.type === "segment" ? [job.object] : job.objects;
}
