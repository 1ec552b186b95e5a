import { emptySha256, type FileEntry } from "../format/entry.ts";
import type { ProgressListener } from "../pace.ts";
import type { FileToWrite, UnpackJob, WantedContent } from "../unpack/protocol.ts";
import type { UnpackRunner } from "../unpack/runner.ts";
import type { Decision } from "./decide.ts";
import type { Placer } from "./placer.ts";
import { temporaryName } from "./temporary.ts";

type FileDecision = Decision & { entry: FileEntry };

interface Wanted {
  member: string;
  sha256: string;
  size: number;
  decisions: FileDecision[];
}

/**
 * Archives whose files are announced and handed out at once, at the least: bounds what is open at a
 * time.
 */
const fewestJobs = 4;

export interface ContentRestorerOptions {
  pool: UnpackRunner;
  placer: Placer;
  /** How many objects are worth having on their way at once. */
  requestsAtOnce: number;
  /** Bytes that are going to be written. */
  total: number;
  onProgress: ProgressListener | undefined;
}

/** Brings back the contents of files, each object of the repository read once. */
export class ContentRestorer {
  readonly damaged: { path: string; reason: string }[] = [];
  bytes = 0;
  readonly #options: ContentRestorerOptions;
  readonly #segments = new Map<string, Map<string, Wanted>>();
  readonly #large: FileDecision[] = [];
  #running: Promise<void>[] = [];
  #members = 0;

  constructor(options: ContentRestorerOptions) {
    this.#options = options;
  }

  add(decision: FileDecision): void {
    const { place, sha256, size } = decision.entry;
    if (place?.kind === "chunks") {
      this.#large.push(decision);
      return;
    }
    const object = place?.object ?? "";
    const members = this.#segments.get(object) ?? new Map<string, Wanted>();
    this.#segments.set(object, members);
    const member = place?.member ?? "";
    const wanted = members.get(member);
    if (wanted === undefined) members.set(member, { member, sha256, size, decisions: [decision] });
    else wanted.decisions.push(decision);
  }

  async run(signal?: AbortSignal): Promise<void> {
    const jobs: (() => Promise<void>)[] = [
      ...this.#large
        .toSorted((a, b) => b.entry.size - a.entry.size)
        .map((one) => () => this.#runLarge(one)),
      ...Array.from(
        this.#segments,
        ([object, members]) =>
          () =>
            this.#runSegment(object, members),
      ),
    ];
    const next = async (): Promise<void> => {
      try {
        for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
          signal?.throwIfAborted();
          await job();
        }
      } finally {
        // What fails ends the others too, once they are done with what they have begun.
        jobs.length = 0;
      }
    };
    const length = Math.max(fewestJobs, this.#options.requestsAtOnce);
    this.#running = Array.from({ length }, next);
    await Promise.all(this.#running);
  }

  /** Waits, after a failure and once the pool is closed, until nothing is moved any more. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #runLarge(decision: FileDecision): Promise<void> {
    const { place, sha256, size } = decision.entry;
    const names = place?.kind === "chunks" ? place.objects : [];
    const objects = names.map((name) => ({ kind: "chunk" as const, sha256: name }));
    const wanted = { member: "", sha256, size, decisions: [decision] };
    const [content] = this.#prepare([wanted]);
    if (content !== undefined)
      await this.#finish([wanted], { type: "large", objects, content }, [content]);
  }

  async #runSegment(object: string, members: Map<string, Wanted>): Promise<void> {
    const wanted = [...members.values()];
    const contents = this.#prepare(wanted);
    const job: UnpackJob =
      object === ""
        ? { type: "large", objects: [], content: contents[0] ?? noContent }
        : {
            type: "segment",
            object: { kind: "segment", sha256: object },
            members: contents.map((content, index) => ({
              member: wanted[index]?.member ?? "",
              content,
            })),
          };
    await this.#finish(wanted, job, contents);
  }

  /** Announces what is new: a thread moves it to its place by itself. */
  #prepare(wanted: readonly Wanted[]): WantedContent[] {
    const { placer } = this.#options;
    const fresh = wanted.flatMap(({ decisions }) =>
      decisions.flatMap(({ action, path }) => (action === "write" ? [path] : [])),
    );
    placer.announce(fresh);
    return wanted.map(({ sha256, size, decisions }) => {
      const files = decisions.map((decision) => fileToWrite(decision, placer.target));
      return { sha256, size, files };
    });
  }

  async #finish(
    wanted: readonly Wanted[],
    job: UnpackJob,
    contents: WantedContent[],
  ): Promise<void> {
    const { pool, placer, onProgress, total } = this.#options;
    const weight = wanted.reduce((sum, { size }) => sum + size, 0);
    const { problems } = await pool.run(job, weight);
    for (const [index, { decisions, size }] of wanted.entries()) {
      const reason = problems[index] ?? null;
      for (const [at, { action, path }] of decisions.entries()) {
        const file = contents[index]?.files[at];
        if (reason !== null) this.damaged.push({ path, reason });
        else if (action === "replace" && file !== undefined)
          await placer.place(file.temporary, path);
        if (reason === null) this.bytes += size;
        this.#members += 1;
      }
    }
    onProgress?.({
      phase: "restore",
      members: this.#members,
      bytes: this.bytes,
      totalBytes: total,
    });
  }
}

const noContent: WantedContent = { sha256: emptySha256, size: 0, files: [] };

function fileToWrite({ entry, action, path }: FileDecision, target: string): FileToWrite {
  const absolute = `${target}/${path}`;
  return {
    temporary: temporaryName(absolute),
    final: action === "write" ? absolute : null,
    mode: entry.mode,
    owner: process.getuid?.() === 0 ? { uid: entry.uid, gid: entry.gid } : null,
    mtime: entry.mtime,
    sparse: entry.sparse === true,
  };
}
