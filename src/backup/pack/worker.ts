import { workerData } from "node:worker_threads";
import { parseRecipient } from "../age/recipient.ts";
import { createSealer } from "../age/seal.ts";
import { send, serveJobs } from "../threads/thread-side.ts";
import { HashSet } from "./hash-set.ts";
import { ObjectMaker } from "./object-maker.ts";
import type {
  BufferBack,
  FinishedObject,
  Job,
  JobResult,
  PackNotice,
  WorkerSettings,
} from "./protocol.ts";
import { SegmentPacker } from "./store-segment.ts";
import { ChunkPacker } from "./store-large.ts";

const { recipients, level, known, buffers } = workerData as WorkerSettings;
const sealer = recipients.length === 0 ? null : createSealer(recipients.map(parseRecipient));
const free: ArrayBuffer[] = [];
const waiting: ((buffer: ArrayBuffer) => void)[] = [];
let allocated = 0;

async function take(): Promise<ArrayBuffer> {
  const buffer = free.pop();
  if (buffer !== undefined) return buffer;
  if (allocated < buffers) {
    allocated += 1;
    return new ArrayBuffer(ObjectMaker.bufferBytes(sealer));
  }
  return new Promise((resolve) => waiting.push(resolve));
}

function give(buffer: ArrayBuffer): void {
  const next = waiting.shift();
  if (next === undefined) free.push(buffer);
  else next(buffer);
}

function finished(object: FinishedObject): void {
  send({ type: "object", object } satisfies PackNotice, [object.buffer]);
}

const maker = new ObjectMaker({ level, sealer, buffers: { take } });
const segments = new SegmentPacker(maker, new HashSet(known.files), finished);
const chunks = new ChunkPacker(maker, new HashSet(known.chunks), finished);

async function run(job: Job): Promise<JobResult> {
  if (job.type === "segment") return { type: "segment", files: await segments.store(job.files) };
  if (job.type === "large") {
    return { type: "large", file: await chunks.store(job.file, job.chunkBytes) };
  }
  const object = await maker.make("page", Buffer.from(job.text));
  finished(object);
  return { type: "page", object: object.sha256 };
}

serveJobs<Job, BufferBack, JobResult>(run, ({ buffer }) => give(buffer));
