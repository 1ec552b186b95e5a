import type { Sealer } from "../age/seal.ts";
import { HashSet } from "./hash-set.ts";
import { type Compress, ObjectMaker } from "./object-maker.ts";
import type { FinishedObject, Job, JobResult, PackSettings } from "./protocol.ts";
import { ChunkPacker } from "./store-large.ts";
import { SegmentPacker } from "./store-segment.ts";

export interface PackerParts {
  /** Null where nothing is encrypted. */
  sealer: Sealer | null;
  compress: Compress;
  /** Takes each object; its buffer is to be given back. */
  finished: (object: FinishedObject) => void;
}

/** Reads, hashes, compresses and encrypts, one job at a time. */
export class Packer {
  readonly #maker: ObjectMaker;
  readonly #segments: SegmentPacker;
  readonly #chunks: ChunkPacker;
  readonly #finished: (object: FinishedObject) => void;
  readonly #free: ArrayBuffer[] = [];
  readonly #waiting: ((buffer: ArrayBuffer) => void)[] = [];
  #allocated = 0;

  constructor(settings: PackSettings, { sealer, compress, finished }: PackerParts) {
    const { level, known, buffers } = settings;
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
    this.#maker = new ObjectMaker({
      level,
      sealer,
      compress,
      buffers: { take, giveBack: (buffer) => this.giveBack(buffer) },
    });
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
    const object = await this.#maker.make("page", job.text);
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
