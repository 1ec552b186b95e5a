import { LoadedModel, type ModelEvents } from "./model.ts";
import type { ModelRecord } from "./models.ts";

export interface PoolLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PoolOptions {
  log: PoolLog;
  /** Worker threads of each model. Default: 1. */
  instances?: number;
  /** Most rows in one run of a session. Default: 32. */
  batchRows?: number;
  /** Most rows that wait for one model. Default: 1024. */
  queueRows?: number;
  /** Called after each batch. */
  ran?: (record: ModelRecord, run: { rows: number; milliseconds: number; failed: boolean }) => void;
  /** Called when a model became ready or ceased to be. */
  changed?: () => void;
  workerFile?: URL;
}

/** The models of a daemon, each loading and warming up in its own threads. */
export class ModelPool {
  private readonly models: Map<string, LoadedModel>;

  constructor(records: readonly ModelRecord[], options: PoolOptions) {
    const { log, ran, changed } = options;
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
    };
    const { instances = 1, batchRows = 32, queueRows = 1024, workerFile } = options;
    this.models = new Map(
      records.map((record) => [
        record.name,
        new LoadedModel(record, { instances, batchRows, queueRows, events, workerFile }),
      ]),
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
