import { reasonOf } from "../errors.ts";
import { InferenceError } from "./inference-error.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { type BatchRun, type RequestEnd, capacityOf } from "./model-options.ts";
import type { ModelRecord } from "./models.ts";
import { describeVersion, stampVersion } from "./repository/describe.ts";
import type { LocatedVersion } from "./repository/locate.ts";
import { ServedModel, type ServingOptions } from "./served-model.ts";
import { warmUpRequests } from "./warm-up-requests.ts";

export type ModelState = "READY" | "LOADING" | "UNAVAILABLE";

export interface VersionContext {
  log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  budget: MemoryBudget;
  /** What a content is served with, without its events. */
  serving(record: ModelRecord): Omit<ServingOptions, "events">;
  ran(record: ModelRecord, run: BatchRun): void;
  answered(record: ModelRecord, end: RequestEnd): void;
  /** A run does not end: see `ModelEvents.stuck`. */
  stuck(record: ModelRecord, milliseconds: number): void;
  /** A reason as callers may read it: without the places of folders. */
  shorten(reason: string): string;
  /** Called when the version became ready or ceased to be. */
  changed(): void;
}

/** Milliseconds in which one warm-up request has to be answered. */
const warmUpPatience = 120_000;

/** One version of a model: what serves it now, and how another content takes its place. */
export class ModelVersion {
  readonly name: string;
  readonly version: string;
  state: ModelState = "UNAVAILABLE";
  /** Why it is not ready; of a ready one, why what lies on the disk now was not taken. */
  reason: string | null = null;
  model: ServedModel | null = null;
  /** The daemon is not ready without it. */
  required = false;
  /** Taken out of service by request. */
  unloaded = false;
  /** What lay on the disk when it was last read. */
  stamp: string | null = null;
  private readonly context: VersionContext;
  private readonly open = new Set<ServedModel>();
  private readonly firstLoad = Promise.withResolvers<void>();
  private located: LocatedVersion | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private closing = false;

  constructor(context: VersionContext, { name, version }: { name: string; version: string }) {
    this.context = context;
    this.name = name;
    this.version = version;
  }

  /** Reads the version; what is wrong with it becomes its reason. */
  async prepare(located: LocatedVersion): Promise<void> {
    try {
      this.located = located;
      this.stamp = await stampVersion(located);
      this.adopt(await describeVersion(located));
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Notes why it is not loaded; what serves goes on serving. */
  refuse(error: unknown): void {
    const reason = reasonOf(error);
    this.reason = this.context.shorten(reason);
    if (this.state !== "READY") this.state = "UNAVAILABLE";
    this.firstLoad.resolve();
    const { name, version, state } = this;
    this.context.log.error({ model: name, version, state, reason }, "model not loaded");
  }

  /** Makes the model, which loads once it is told to `start`. */
  adopt(record: ModelRecord): void {
    this.located = record;
    this.state = "LOADING";
    this.model = this.create(record, {
      ready: () => void this.becameReady(),
      down: (reason) => this.becameUnready(reason),
    });
  }

  /** Begins to load; a model that cannot be loaded is tried again from time to time. */
  start(): void {
    if (this.model === null) return;
    try {
      const release = this.reserve(this.model.record);
      void this.inTurn(() => this.firstLoad.promise).finally(release);
      this.model.start();
    } catch (error) {
      this.fail(error);
    }
  }

  /**
   * Loads what lies on the disk, and exchanges what serves for it once it is warmed up. Nothing
   * happens when it is what serves already, unless told otherwise.
   * @throws InferenceError `model.unloadable` or `model.memory`; what served goes on serving
   */
  async load(located: LocatedVersion, always: boolean): Promise<void> {
    await this.inTurn(async () => {
      this.located = located;
      this.stamp = await stampVersion(located);
      this.unloaded = false;
      if (this.state !== "READY") this.state = "LOADING";
      try {
        const record = await describeVersion(located);
        if (always || this.state !== "READY" || !this.serves(record)) {
          await this.exchange(record, async () => {
            if ((await stampVersion(located)) === this.stamp) return;
            throw new Error("its files changed while they were read");
          });
        }
        this.reason = null;
      } catch (error) {
        this.fail(error);
        throw unloadable(this, error);
      }
    });
  }

  /** Loads from where it was found. @throws as `load` */
  async loadAgain(always: boolean): Promise<void> {
    if (this.located !== null) await this.load(this.located, always);
  }

  /** Answers what waits, then frees the model. */
  async unload(): Promise<void> {
    await this.inTurn(async () => {
      const { model } = this;
      this.unloaded = true;
      this.required = false;
      this.model = null;
      this.state = "UNAVAILABLE";
      this.reason = "unloaded";
      this.context.changed();
      if (model !== null) await this.dispose(model);
    });
  }

  /** Answers what waits, then ends the worker threads. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.open].map((model) => this.dispose(model)));
  }

  private async exchange(record: ModelRecord, confirm: () => Promise<void>): Promise<void> {
    const release = this.reserve(record);
    let next: ServedModel | null = null;
    try {
      next = await this.loadAside(record);
      await this.warmUp(next);
      await confirm();
      if (this.closing) throw new Error("the daemon is stopping");
    } catch (error) {
      if (next !== null) void this.dispose(next);
      throw error;
    } finally {
      release();
    }
    const previous = this.model;
    this.model = next;
    this.isReady();
    if (previous === null) return;
    previous.supersede(next);
    void this.dispose(previous);
  }

  /** A model that is ready, or an error and nothing left of it. */
  private async loadAside(record: ModelRecord): Promise<ServedModel> {
    let model: ServedModel | null = null;
    if (this.closing) throw new Error("the daemon is stopping");
    try {
      return await new Promise((resolve, reject) => {
        const next = this.create(record, {
          // Once it serves, the same events tell of it.
          ready: () => (this.model === next ? void this.becameReady() : resolve(next)),
          down: (reason) =>
            this.model === next ? this.becameUnready(reason) : reject(new Error(reason)),
        });
        model = next;
        next.start();
      });
    } catch (error) {
      if (model !== null) void this.dispose(model);
      throw error;
    }
  }

  private create(
    record: ModelRecord,
    on: { ready: () => void; down: (reason: string) => void },
  ): ServedModel {
    const { context } = this;
    const fields = { model: record.name, version: record.version };
    const model = new ServedModel(record, {
      ...context.serving(record),
      events: {
        ready: () => on.ready(),
        down: (_model, reason, retryIn) => {
          context.log.error({ ...fields, reason, retryIn }, "model down");
          on.down(reason);
        },
        ran: (_model, run) => context.ran(record, run),
        answered: (_model, end) => context.answered(record, end),
        stuck: (_model, milliseconds) => {
          context.log.error({ ...fields, milliseconds }, "model stuck");
          on.down(`a run did not end within ${milliseconds} ms`);
          context.stuck(record, milliseconds);
        },
      },
    });
    this.open.add(model);
    return model;
  }

  private async becameReady(): Promise<void> {
    const { model } = this;
    if (model === null) return;
    try {
      await this.warmUp(model);
      if (this.model !== model || this.closing) return;
      this.isReady();
      await this.compareWithDisk();
    } catch (error) {
      if (this.model === model) this.fail(error);
    }
  }

  /** A worker that was started again has read the file again, which may have changed since. */
  private async compareWithDisk(): Promise<void> {
    const { located, stamp } = this;
    if (located === null || stamp === null || (await stampVersion(located)) === stamp) return;
    if (this.closing || this.unloaded) return;
    await this.load(located, true).catch(() => undefined);
  }

  private becameUnready(reason: string): void {
    if (this.model?.ready === true || this.unloaded) return;
    this.state = "UNAVAILABLE";
    this.reason = this.context.shorten(reason);
    this.firstLoad.resolve();
    this.context.changed();
  }

  private isReady(): void {
    this.state = "READY";
    this.reason = null;
    this.required = true;
    this.firstLoad.resolve();
    this.context.log.info({ model: this.name, version: this.version }, "model ready");
    this.context.changed();
  }

  private fail(error: unknown): void {
    this.refuse(error);
    this.context.changed();
  }

  private async warmUp(model: ServedModel): Promise<void> {
    for (const feeds of warmUpRequests(model.record)) {
      await model.compute(feeds, { timeout: warmUpPatience });
    }
  }

  private serves(record: ModelRecord): boolean {
    const { sha256, configuration, files } = this.model?.record ?? {};
    // The texts beside a model are read by its task: a new record has them read again.
    const same = JSON.stringify([sha256, configuration, files]);
    return same === JSON.stringify([record.sha256, record.configuration, record.files]);
  }

  private reserve(record: ModelRecord): () => void {
    const { instances } = capacityOf(this.context.serving(record));
    return this.context.budget.reserve(record.name, record.bytes, instances);
  }

  private async dispose(model: ServedModel): Promise<void> {
    await model.close();
    this.open.delete(model);
  }

  /** One change of the version at a time. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

function unloadable({ name, version, reason }: ModelVersion, error: unknown): InferenceError {
  if (error instanceof InferenceError && error.code === "model.memory") return error;
  return new InferenceError(
    "model.unloadable",
    `Version ${version} of the model "${name}" was not loaded: ${reason}`,
    "What served before goes on serving. Mend the files, then load it again.",
  );
}
