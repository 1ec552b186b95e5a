import type { CrashRecord } from "./crashes/crash-record.ts";
import { InferenceError } from "./inference-error.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { BatchRun, ModelOptions, RequestEnd } from "./model-options.ts";
import type { LoadedModel } from "./model.ts";
import type { ModelState, ModelVersion } from "./model-version.ts";
import type { ModelRecord } from "./models.ts";
import { RepositoryLoader, unknownModel } from "./repository-loader.ts";
import type { ModelRepository } from "./repository/model-repository.ts";
import type { CacheUse, ResponseCache } from "./response-cache.ts";
import type { VersionContext } from "./version-contents.ts";
import { VersionShelf } from "./version-shelf.ts";

export type { ModelState } from "./model-version.ts";

export interface PoolLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PoolOptions extends Omit<ModelOptions, "events"> {
  log: PoolLog;
  /** Called after each batch. */
  ran?: (record: ModelRecord, run: BatchRun) => void;
  /** Called after each request, also one that was turned away. */
  answered?: (record: ModelRecord, end: RequestEnd) => void;
  /** Called when a run does not end: see `ModelEvents.stuck`. */
  stuck?: (record: ModelRecord, milliseconds: number) => void;
  /** Called after each look for an answer in the cache. */
  looked?: (record: ModelRecord, hit: boolean) => void;
  /** Called when a model became ready or ceased to be. */
  changed?: () => void;
  /** Where models are found, and found again. */
  repository?: ModelRepository;
  /** Answers of the models whose configuration says `cache: true`. */
  cache?: ResponseCache | null;
  budget?: MemoryBudget;
  /** What is known of models that end the process. */
  crashes?: CrashRecord | null;
}

export interface ModelStatus {
  name: string;
  /** Empty where the model is so broken that no version could be told. */
  version: string;
  state: ModelState;
  /** See `ModelVersion.reason`. */
  reason: string | null;
  isDefault: boolean;
}

/** The models of a daemon, each version loading and warming up in its own threads. */
export class ModelPool {
  private readonly shelf: VersionShelf;
  private readonly loader: RepositoryLoader | null;
  private readonly cache: ResponseCache | null;
  private readonly log: PoolLog;
  private watching: NodeJS.Timeout | undefined;
  private closing = false;

  constructor(records: readonly ModelRecord[], options: PoolOptions) {
    const { repository, cache = null } = options;
    this.cache = cache;
    this.log = options.log;
    this.shelf = new VersionShelf(versionContext(options));
    this.loader = repository === undefined ? null : new RepositoryLoader(this.shelf, repository);
    for (const record of records) this.shelf.enter(record).adopt(record);
    for (const version of this.shelf.all()) version.required = true;
  }

  /**
   * Reads what the repository has, once, before `start`. What is broken is UNAVAILABLE and keeps
   * nothing else from being served.
   */
  async discover(): Promise<void> {
    await this.loader?.discover();
  }

  start(): void {
    for (const version of this.shelf.all()) version.start();
  }

  /**
   * Looks for new and changed files from now on, until `close`.
   * @param interval milliseconds between two looks
   */
  watch(interval: number): void {
    const { loader } = this;
    if (loader === null) return;
    const look = () => {
      this.watching = setTimeout(() => {
        const failed = (error: unknown) => this.log.error({ error }, "models not looked at");
        void loader
          .refresh()
          .catch(failed)
          .finally(() => {
            if (!this.closing) look();
          });
      }, interval).unref();
    };
    look();
  }

  /**
   * The model that answers requests for `name`: of the version given, else of the default one,
   * which is the one its configuration names or the highest that is ready.
   */
  find(name: string, version?: string): LoadedModel | undefined {
    return this.entry(name, version)?.model ?? undefined;
  }

  /**
   * The same for callers who need one.
   * @throws InferenceError `model.unknown`, or `inference.unavailable` with the reason
   */
  require(name: string, version?: string): LoadedModel {
    const entry = this.entry(name, version) ?? this.shelf.find(name, "");
    if (entry === undefined) throw unknownModel(name, version);
    if (entry.model !== null) return entry.model;
    throw new InferenceError(
      "inference.unavailable",
      `Version ${entry.version} of the model "${name}" is not served: ${entry.reason ?? "it is loading"}.`,
    );
  }

  /** Everything that is loaded, or about to be: by name, the newest version first. */
  all(): LoadedModel[] {
    return this.shelf.all().flatMap(({ model }) => model ?? []);
  }

  /** Every version known, by name, the newest first. */
  index(): ModelStatus[] {
    return this.shelf.all().map((entry) => this.statusOf(entry));
  }

  /** True while each version that was there at the start, or was ready once, is warmed up. */
  get ready(): boolean {
    return this.problems().length === 0;
  }

  /** False while a version is loading that was not served before. */
  get settled(): boolean {
    return this.shelf.all().every(({ state }) => state !== "LOADING");
  }

  /** The versions that are not served because they ended the process. */
  leftOut(): ModelStatus[] {
    const entries = this.shelf.all().filter(({ leftOut }) => leftOut);
    return entries.map((entry) => this.statusOf(entry));
  }

  /** The versions that keep the daemon from being ready. */
  problems(): ModelStatus[] {
    const missing = this.shelf.all().filter(({ required, state }) => required && state !== "READY");
    return missing.map((entry) => this.statusOf(entry));
  }

  /** Rows that wait, over all models. */
  get queued(): number {
    return this.all().reduce((sum, model) => sum + model.queued, 0);
  }

  /** Hits, misses and size of the cache; null without one. */
  get cacheUse(): CacheUse | null {
    return this.cache?.use() ?? null;
  }

  /**
   * Loads what the repository has now of a model, or of one of its versions; what has not changed
   * is left alone. Versions that the configuration no longer asks for are unloaded.
   * @throws InferenceError `model.unknown`, `model.unloadable` or `model.memory`; what served goes
   * on serving
   */
  async load(name: string, version?: string): Promise<void> {
    await this.bringIn(name, version, false);
  }

  /** The same, also where nothing has changed. @throws as `load` */
  async reload(name: string, version?: string): Promise<void> {
    await this.bringIn(name, version, true);
  }

  /**
   * Takes a model, or one of its versions, out of service; what waits is answered first.
   * @throws InferenceError `model.unknown`
   */
  async unload(name: string, version?: string): Promise<void> {
    await Promise.all(this.known(name, version).map((entry) => entry.unload()));
  }

  /** Answers all that waits that the daemon is stopping; what is being computed goes on. */
  turnAway(): void {
    for (const model of this.all()) model.turnAway();
  }

  /** Answers what waits, then ends the worker threads; resolves when they are gone. */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.watching);
    await Promise.all(this.shelf.all().map((version) => version.close()));
  }

  private async bringIn(name: string, version: string | undefined, always: boolean): Promise<void> {
    if (this.loader !== null) return await this.loader.load(name, version, always);
    await Promise.all(this.known(name, version).map((entry) => entry.loadAgain(always)));
  }

  /** @throws InferenceError `model.unknown` when there is none */
  private known(name: string, version: string | undefined): ModelVersion[] {
    const entries = this.shelf.of(name).filter((one) => one.version === (version ?? one.version));
    if (entries.length === 0) throw unknownModel(name, version);
    return entries;
  }

  private entry(name: string, version: string | undefined): ModelVersion | undefined {
    return version === undefined ? this.shelf.defaultOf(name) : this.shelf.find(name, version);
  }

  private statusOf(entry: ModelVersion): ModelStatus {
    const { name, version, state, reason } = entry;
    return { name, version, state, reason, isDefault: this.shelf.defaultOf(name) === entry };
  }
}

/** A model's own configuration comes before what holds for all of them. */
function versionContext(options: PoolOptions): VersionContext {
  const { log, ran, answered, stuck, looked, changed, cache = null, ...rest } = options;
  const { budget = new MemoryBudget(), crashes = null, repository, ...settings } = rest;
  return {
    log,
    budget,
    crashes,
    serving: (record) => {
      const { instances, threads, batching, dimensions, cache: wanted } = record.configuration;
      return {
        ...settings,
        instances: instances ?? settings.instances,
        threads: threads ?? settings.threads,
        batchRows: batching?.rows ?? settings.batchRows,
        batchTokens: batching?.tokens ?? settings.batchTokens,
        queueRows: batching?.queue ?? settings.queueRows,
        warmUp: dimensions ?? settings.warmUp,
        cache: wanted === true ? cache : null,
        looked,
        care: crashes?.careFor(record),
      };
    },
    ran: (record, run) => ran?.(record, run),
    answered: (record, end) => answered?.(record, end),
    stuck: (record, milliseconds) => stuck?.(record, milliseconds),
    shorten: (reason) => repository?.shorten(reason) ?? reason,
    changed: () => changed?.(),
  };
}
