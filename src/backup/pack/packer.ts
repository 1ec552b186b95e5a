import { parseRecipient } from "../age/recipient.ts";
import { createSealer } from "../age/seal.ts";
import { HashSet } from "./hash-set.ts";
import { ObjectMaker } from "./object-maker.ts";
import type { FinishedObject, Job, JobResult, PackSettings } from "./protocol.ts";
import { ChunkPacker } from "./store-large.ts";
import { SegmentPacker } from "./store-segment.ts";

/** Reads, hashes, compresses and encrypts, one job at a time. */
export class Packer {
  readonly #maker: ObjectMaker;
  readonly #segments: SegmentPacker;
  readonly #chunks: ChunkPacker;
  readonly #finished: (object: FinishedObject) => void;
  readonly #free: ArrayBuffer[] = [];
  readonly #waiting: ((buffer: ArrayBuffer) => void)[] = [];
  #allocated = 0;

  /** @param finished takes each object; its buffer is to be given back */
  constructor(settings: PackSettings, finished: (object: FinishedObject) => void) {
    const { recipients, level, known, buffers } = settings;
    const sealer = recipients.length === 0 ? null : createSealer(recipients.map(parseRecipient));
    const bytes = ObjectMaker.bufferBytes(sealer);
    const take = async (): Promise<ArrayBuffer> => {
      const buffer = this.#free.pop();
      if (buffer !== undefined) return buffer;
      if (this.#allocated < buffers) {
        this.#allocated += 1;
        return new ArrayBuffer(bytes);
      }
      return new Promise((resolve) => this.#waiting.push(resolve));
    };
    this.#finished = finished;
    this.#maker = new ObjectMaker({ level, sealer, buffers: { take } });
    this.#segments = new SegmentPacker(this.#maker, new HashSet(known.files), finished);
    this.#chunks = new ChunkPacker(this.#maker, new HashSet(known.chunks), finished);
  }

  async run(job: Job): Promise<JobResult> {
    if (job.type === "segment") {
      return { type: "segment", files: await this.#segments.store(job.files) };
    }
    if (job.type === "large") {
      return { type: "large", file: await this.#chunks.store(job.file, job.chunkBytes) };
    }
    const object = await this.#maker.make("page", Buffer.from(job.text));
    this.#finished(object);
    return { type: "page", object: object.sha256 };
  }

  /** Takes the buffer of a finished object back, to be filled again. */
  giveBack(buffer: ArrayBuffer): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(buffer);
    else next(buffer);
  }
}
