import { reasonOf } from "../errors.ts";
import { InferenceError } from "./inference-error.ts";
import type { ModelRecord } from "./models.ts";
import { describeVersion, stampVersion } from "./repository/describe.ts";
import type { LocatedVersion } from "./repository/locate.ts";
import { hashFile } from "./repository/manifest.ts";
import { isSameButForLinks } from "./repository/stamp.ts";
import type { ServedModel } from "./served-model.ts";
import { Turns } from "./turns.ts";
import { VersionContents, type VersionContext } from "./version-contents.ts";

export type ModelState = "READY" | "LOADING" | "UNAVAILABLE";

/** One version of a model: what serves it now, and how another content takes its place. */
export class ModelVersion {
  readonly name: string;
  readonly version: string;
  state: ModelState = "UNAVAILABLE";
  model: ServedModel | null = null;
  /** The daemon is not ready without it. */
  required = false;
  /** Not served until somebody asks for it: it ended the process. */
  leftOut = false;
  /** Taken out of service by request. */
  unloaded = false;
  /** What lay on the disk when it was last read. */
  stamp: string | null = null;
  /** What lay there when the content was read that serves; null where that was not looked at. */
  private servedStamp: string | null = null;
  /** Why what lies on the disk is not served. */
  private refusal: string | null = null;
  /** Why not all of its workers serve. */
  private loss: string | null = null;
  private readonly context: VersionContext;
  private readonly contents: VersionContents;
  private readingAnew: Promise<void> | null = null;
  private readonly firstLoad = Promise.withResolvers<void>();
  private located: LocatedVersion | null = null;
  /** One change of the version at a time. */
  private readonly turns = new Turns();
  private closing = false;

  constructor(context: VersionContext, { name, version }: { name: string; version: string }) {
    this.context = context;
    this.name = name;
    this.version = version;
    this.contents = new VersionContents(context, {
      ready: (model) => void this.becameReady(model),
      down: (model, reason) => this.becameUnready(model, reason),
      read: (model) => this.isAsDescribed(model),
    });
  }

  /**
   * Why it is not ready; of a ready one, why what lies on the disk now was not taken, or why not
   * all of its workers serve. What is wrong with the files tells more than what that does to a
   * worker.
   */
  get reason(): string | null {
    return this.refusal ?? this.loss;
  }

  /** Reads the version; what is wrong with it becomes its reason. */
  async prepare(located: LocatedVersion): Promise<void> {
    try {
      this.located = located;
      this.stamp = await stampVersion(located);
      this.adopt(await describeVersion(located));
      this.servedStamp = this.stamp;
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Notes why it is not loaded; what serves goes on serving. */
  refuse(error: unknown): void {
    const reason = reasonOf(error);
    this.refusal = this.context.shorten(reason);
    if (this.state !== "READY") this.state = "UNAVAILABLE";
    this.firstLoad.resolve();
    const { name, version, state } = this;
    this.context.log.error({ model: name, version, state, reason }, "model not loaded");
  }

  /** Makes the model, which loads once it is told to `start`. */
  adopt(record: ModelRecord): void {
    this.located = record;
    this.state = "LOADING";
    this.model = this.contents.create(record);
  }

  /** Begins to load; a model that cannot be loaded is tried again from time to time. */
  start(): void {
    if (this.model === null) return;
    const refusal = this.context.crashes?.refusal(this.model.record) ?? null;
    if (refusal !== null) {
      this.leaveOut(refusal);
      return;
    }
    try {
      const release = this.contents.reserve(this.model.record);
      void this.turns.take(() => this.firstLoad.promise).finally(release);
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
    await this.turns.take(() => this.loadInTurn(located, always));
  }

  /** Loads from where it was found. @throws as `load` */
  async loadAgain(always: boolean): Promise<void> {
    if (this.located !== null) await this.load(this.located, always);
  }

  /** Answers what waits, then frees the model. */
  async unload(): Promise<void> {
    await this.turns.take(async () => {
      const { model } = this;
      this.unloaded = true;
      this.required = false;
      this.model = null;
      this.state = "UNAVAILABLE";
      this.refusal = "unloaded";
      this.context.changed();
      if (model !== null) await this.contents.dispose(model);
    });
  }

  /** Answers what waits, then ends the worker threads. */
  async close(): Promise<void> {
    this.closing = true;
    await this.contents.close();
  }

  private async loadInTurn(located: LocatedVersion, always: boolean): Promise<void> {
    this.located = located;
    this.stamp = await stampVersion(located);
    this.unloaded = false;
    if (this.state !== "READY") this.state = "LOADING";
    try {
      const changed = this.state !== "READY" || this.servedStamp !== this.stamp;
      if (always || changed) await this.exchange(located, this.stamp);
      this.refusal = null;
    } catch (error) {
      this.fail(error);
      throw unloadable(this, error);
    }
  }

  private async exchange(located: LocatedVersion, stamp: string): Promise<void> {
    const record = await describeVersion(located);
    const next = await this.contents.loadAside(record, async () => {
      if ((await stampVersion(located)) === stamp) return;
      throw new Error("its files changed while they were read");
    });
    const previous = this.model;
    this.model = next;
    this.servedStamp = stamp;
    this.leftOut = false;
    this.context.crashes?.forgive(record, ["load", "run"]);
    this.isReady(next);
    if (previous === null) return;
    previous.supersede(next);
    void this.contents.dispose(previous);
  }

  private async becameReady(model: ServedModel): Promise<void> {
    if (this.model !== model) return;
    try {
      await this.contents.warmUp(model);
      if (this.model !== model || this.closing) return;
      this.context.crashes?.forgive(model.record, ["load"]);
      // What serves already can do so beside files that were refused.
      if (this.state !== "READY") this.refusal = null;
      this.isReady(model);
    } catch (error) {
      if (this.model === model) this.fail(error);
    }
  }

  /**
   * A worker that was started later or again has read the file again, which may have changed since.
   * Nothing is served that the record does not tell of, or that the manifest refuses, and no two
   * contents beside each other: the new one is loaded as a whole, or not.
   */
  private async isAsDescribed(model: ServedModel): Promise<boolean> {
    const { located, servedStamp } = this;
    if (this.model !== model || located === null || servedStamp === null) return true;
    const stamp = await stampVersion(located);
    if (stamp === servedStamp) return true;
    if (isSameButForLinks(stamp, servedStamp)) {
      const sha256 = await hashFile(located.file);
      if (sha256 === model.record.sha256) return true;
    }
    if (this.model === model && !this.closing) this.readAnew(model);
    return false;
  }

  /** Once, however many workers ask for it, and not where the model has gone before its turn. */
  private readAnew(model: ServedModel): void {
    if (!model.ready) this.state = "LOADING";
    this.firstLoad.resolve();
    this.readingAnew ??= this.turns
      .take(async () => {
        if (this.model !== model || this.located === null || this.closing) return;
        await this.loadInTurn(this.located, false);
        // As it was set meanwhile, and not as it is configured: nobody asked for another content.
        if (this.model !== model) await this.model?.resize(model.capacity);
      })
      .catch(() => this.disposeUnready(model))
      .finally(() => {
        this.readingAnew = null;
      });
  }

  /** What nobody was told to be ready is not served where its files are no longer what it tells of. */
  private async disposeUnready(model: ServedModel): Promise<void> {
    if (this.model !== model || this.state === "READY") return;
    this.model = null;
    await this.contents.dispose(model);
  }

  /** The others are served, so the daemon is ready without it. */
  private leaveOut(refusal: string): void {
    const { model } = this;
    this.leftOut = true;
    this.required = false;
    this.model = null;
    this.fail(new Error(refusal));
    if (model !== null) void this.contents.dispose(model);
  }

  private becameUnready(model: ServedModel, reason: string): void {
    if (this.model !== model) return;
    this.loss = this.context.shorten(reason);
    this.firstLoad.resolve();
    if (model.ready) return;
    this.state = "UNAVAILABLE";
    this.refusal = null;
    this.context.changed();
  }

  private isReady(model: ServedModel): void {
    this.state = "READY";
    this.loss = model.reason === null ? null : this.context.shorten(model.reason);
    this.required = true;
    this.firstLoad.resolve();
    this.context.log.info({ model: this.name, version: this.version }, "model ready");
    this.context.changed();
  }

  private fail(error: unknown): void {
    this.refuse(error);
    this.context.changed();
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
