import type { BatchRun, ModelEvents, ModelOptions, RequestEnd } from "./model-options.ts";
import { LoadedModel } from "./model.ts";
import type { ModelRecord } from "./models.ts";

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
  /** Called when a model became ready or ceased to be. */
  changed?: () => void;
}

/** The models of a daemon, each loading and warming up in its own threads. */
export class ModelPool {
  private readonly models: Map<string, LoadedModel>;

  constructor(records: readonly ModelRecord[], options: PoolOptions) {
    const { log, ran, answered, stuck, changed, ...settings } = options;
    const events: ModelEvents = {
      ready: ({ record: { name, version } }) => {
        log.info({ model: name, version }, "model ready");
        changed?.();
      },
      down: ({ record: { name, version } }, reason, retryIn) => {
        log.error({ model: name, version, reason, retryIn }, "model down");
        changed?.();
      },
      ran: ({ record }, run) => ran?.(record, run),
      answered: ({ record }, end) => answered?.(record, end),
      stuck: ({ record }, milliseconds) => {
        log.error({ model: record.name, version: record.version, milliseconds }, "model stuck");
        changed?.();
        stuck?.(record, milliseconds);
      },
    };
    this.models = new Map(
      records.map((record) => [record.name, new LoadedModel(record, { ...settings, events })]),
    );
  }

  start(): void {
    for (const model of this.models.values()) model.start();
  }

  find(name: string): LoadedModel | undefined {
    return this.models.get(name);
  }

  all(): LoadedModel[] {
    return [...this.models.values()];
  }

  /** True when every model is warmed up. */
  get ready(): boolean {
    return this.all().every((model) => model.ready);
  }

  /** Rows that wait, over all models. */
  get queued(): number {
    return this.all().reduce((sum, model) => sum + model.queued, 0);
  }

  /** Answers what waits, then ends the worker threads; resolves when they are gone. */
  async close(): Promise<void> {
    await Promise.all(this.all().map((model) => model.close()));
  }
}
