import type { CrashRecord } from "./crashes/crash-record.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { type BatchRun, type RequestEnd, capacityOf } from "./model-options.ts";
import type { ModelRecord } from "./models.ts";
import { ServedModel, type ServingOptions } from "./served-model.ts";
import { warmUpRequests } from "./warm-up-requests.ts";

export interface VersionContext {
  /** What is known of contents that end the process; null: nobody looks. */
  crashes: CrashRecord | null;
  log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  budget: MemoryBudget;
  /** What a content is served with, without its events. */
  serving(record: ModelRecord): Omit<ServingOptions, "events" | "confirm">;
  ran(record: ModelRecord, run: BatchRun): void;
  answered(record: ModelRecord, end: RequestEnd): void;
  /** A run does not end: see `ModelEvents.stuck`. */
  stuck(record: ModelRecord, milliseconds: number): void;
  /** A reason as callers may read it: without the places of folders. */
  shorten(reason: string): string;
  /** Called when the version became ready or ceased to be. */
  changed(): void;
}

export interface ContentEvents {
  ready(model: ServedModel): void;
  down(model: ServedModel, reason: string): void;
  /** A worker has read the model, maybe long after the first one: is it what was described? */
  read(model: ServedModel): Promise<boolean>;
}

/** Milliseconds in which one warm-up request has to be answered. */
const warmUpPatience = 120_000;

/** The contents that a version has had and that have not ended yet, the one that serves included. */
export class VersionContents {
  private readonly context: VersionContext;
  private readonly events: ContentEvents;
  private readonly open = new Set<ServedModel>();
  private readonly waiting = new Map<ServedModel, PromiseWithResolvers<void>>();
  private closing = false;

  /** @param events of contents, but those that are still being loaded aside */
  constructor(context: VersionContext, events: ContentEvents) {
    this.context = context;
    this.events = events;
  }

  /** A content that is not started yet. */
  create(record: ModelRecord): ServedModel {
    const { context } = this;
    const fields = { model: record.name, version: record.version };
    const model: ServedModel = new ServedModel(record, {
      ...context.serving(record),
      // One that loads aside is confirmed as a whole.
      confirm: async () => this.waiting.has(model) || (await this.events.read(model)),
      events: {
        ready: () => this.becameReady(model),
        down: (_model, reason, retryIn) => {
          context.log.error({ ...fields, reason, retryIn }, "model down");
          this.becameUnready(model, reason);
        },
        ran: (_model, run) => context.ran(record, run),
        answered: (_model, end) => context.answered(record, end),
        stuck: (_model, milliseconds) => {
          context.log.error({ ...fields, milliseconds }, "model stuck");
          this.becameUnready(model, `a run did not end within ${milliseconds} ms`);
          context.stuck(record, milliseconds);
        },
      },
    });
    this.open.add(model);
    return model;
  }

  /**
   * A content that is warmed up and confirmed, or an error and nothing left of it.
   * @param confirm throws where it is not to be served after all
   */
  async loadAside(record: ModelRecord, confirm: () => Promise<void>): Promise<ServedModel> {
    if (this.closing) throw new Error("the daemon is stopping");
    const release = this.reserve(record);
    const model = this.create(record);
    const loaded = Promise.withResolvers<void>();
    this.waiting.set(model, loaded);
    try {
      model.start();
      await loaded.promise;
      await this.warmUp(model);
      await confirm();
      if (!model.ready) throw new Error("its worker ended, or the daemon is stopping");
      return model;
    } catch (error) {
      void this.dispose(model);
      throw error;
    } finally {
      this.waiting.delete(model);
      release();
    }
  }

  /** Sets aside the memory that it takes to load. @throws InferenceError `model.memory` */
  reserve(record: ModelRecord): () => void {
    const { instances } = capacityOf(this.context.serving(record));
    return this.context.budget.reserve(record.name, record.bytes, instances);
  }

  /** Has the requests answered that the model's configuration names. */
  async warmUp(model: ServedModel): Promise<void> {
    for (const feeds of warmUpRequests(model.record)) {
      await model.compute(feeds, { timeout: warmUpPatience });
    }
  }

  /** Lets a content answer what waits, then end. */
  async dispose(model: ServedModel): Promise<void> {
    await model.close();
    this.open.delete(model);
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.open].map((model) => this.dispose(model)));
  }

  private becameReady(model: ServedModel): void {
    const waiting = this.waiting.get(model);
    if (waiting === undefined) this.events.ready(model);
    else waiting.resolve();
  }

  private becameUnready(model: ServedModel, reason: string): void {
    const waiting = this.waiting.get(model);
    if (waiting === undefined) this.events.down(model, reason);
    else waiting.reject(new Error(reason));
  }
}
