import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type {
  FromGenerator,
  GeneratorOutcome,
  GeneratorProgress,
  GeneratorTask,
  ToGenerator,
} from "./protocol.ts";

/** Milliseconds from the word to the first moment of the run, so that every thread is in time. */
const headStart = 50;

interface Member {
  worker: Worker;
  outcome: Promise<GeneratorOutcome>;
  progress: GeneratorProgress | undefined;
}

/** The threads that generate the load of one run. */
export class GeneratorTeam {
  readonly #members: Member[];

  constructor(tasks: readonly GeneratorTask[]) {
    this.#members = tasks.map(startMember);
  }

  /**
   * Starts all at once.
   *
   * @returns when the run begins, in milliseconds of performance.now() of the calling thread.
   */
  async start(): Promise<number> {
    await Promise.all(this.#members.map(({ worker }) => once(worker, "message")));
    this.#tell({ kind: "start", at: process.hrtime.bigint() + BigInt(headStart * 1_000_000) });
    return performance.now() + headStart;
  }

  /** How far each thread has come, as it last told. */
  get progress(): GeneratorProgress[] {
    return this.#members.flatMap(({ progress }) => progress ?? []);
  }

  /** @throws when a thread broke down, which is a bug */
  outcomes(): Promise<GeneratorOutcome[]> {
    return Promise.all(this.#members.map(({ outcome }) => outcome));
  }

  /** Requests on their way stay unfinished; the outcomes come all the same. */
  stop(): void {
    this.#tell({ kind: "stop" });
  }

  /** Leaves no thread behind, whatever happened. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #tell(message: ToGenerator): void {
    for (const { worker } of this.#members) worker.postMessage(message);
  }
}

function startMember(task: GeneratorTask): Member {
  // The worker is TypeScript in a clone and JavaScript in the package.
  const code = new URL(`./generator-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(code, { workerData: task, name: "studio-bench" });
  const { promise, resolve, reject } = Promise.withResolvers<GeneratorOutcome>();
  const member: Member = { worker, outcome: promise, progress: undefined };
  // Whoever asks for the outcome learns of it; until then it is not an unhandled rejection.
  promise.catch(() => undefined);
  worker.on("message", (message: FromGenerator) => {
    if (message.kind === "progress") member.progress = message;
    if (message.kind === "done") resolve(message);
  });
  worker.on("error", reject);
  worker.on("exit", () => reject(new Error("A generator thread ended without an outcome.")));
  return member;
}
