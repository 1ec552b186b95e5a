import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { fromColumns } from "./member-columns.ts";
import type { Member, SourceContext } from "./source.ts";
import { type WalkNotice, type WalkOrder, type WalkRequest, tellTaken } from "./walk-protocol.ts";

/** Walks a tree in a thread of its own, while the caller is busy with what was found before. */
export class WalkThread {
  readonly #root: string;
  readonly #taken = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #notices: WalkNotice[] = [];
  #failure: { error: unknown } | null = null;
  #wake = (): void => undefined;

  constructor(order: WalkOrder) {
    this.#root = order.root;
    const workerData: WalkRequest = { ...order, taken: this.#taken };
    // The worker is TypeScript in a clone and JavaScript in the package.
    const script = new URL(`./walk-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(script, { workerData });
    this.#worker.on("message", (notice: WalkNotice) => {
      this.#notices.push(notice);
      this.#wake();
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("The walk of the files ended half-way.")));
  }

  /** @returns what was left out although it was included */
  async *members(context: SourceContext): AsyncGenerator<Member[], readonly string[]> {
    for (;;) {
      const notice = await this.#next();
      for (const { kind, path, detail } of notice.reports) context[kind](path, detail);
      context.signal?.throwIfAborted();
      if (notice.columns === null) return notice.withheldPaths;
      yield fromColumns(notice.columns, this.#root);
      tellTaken(this.#taken);
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #next(): Promise<WalkNotice> {
    for (;;) {
      const notice = this.#notices.shift();
      if (notice !== undefined) return notice;
      if (this.#failure !== null) throw this.#failure.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }
}
