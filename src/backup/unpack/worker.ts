import { workerData } from "node:worker_threads";
import { createOpener } from "../age/opener.ts";
import type { ObjectName } from "../format/object.ts";
import { send, serveJobs } from "../threads/thread-side.ts";
import type {
  ObjectBytes,
  UnpackJob,
  UnpackNotice,
  UnpackResult,
  UnpackSettings,
} from "./protocol.ts";
import { fetchedObjects, localObjects } from "./object-source.ts";
import { Unpacker } from "./unpacker.ts";

const { directory, proof, encrypted, identities } = workerData as UnpackSettings;
const waiting = new Map<number, (bytes: Buffer | null) => void>();
let wanted = 0;

function fetch(object: ObjectName): Promise<Buffer | null> {
  wanted += 1;
  const number = wanted;
  send({ type: "want", number, object } satisfies UnpackNotice);
  return new Promise((resolve) => waiting.set(number, resolve));
}

function take({ number, buffer, offset, length }: ObjectBytes): void {
  const resolve = waiting.get(number);
  waiting.delete(number);
  resolve?.(buffer === null ? null : Buffer.from(buffer, offset, length));
}

const opener = encrypted && identities.length > 0 ? createOpener(identities) : null;
const objects = directory === null ? fetchedObjects(fetch) : localObjects(directory, encrypted);
const unpacker = new Unpacker({ objects, opener, proof });
serveJobs<UnpackJob, ObjectBytes, UnpackResult>((job) => unpacker.run(job), take);
