import type { JobOptions } from "./batch-queue.ts";
import { exchanged } from "./model-errors.ts";
import { LoadedModel, type ModelOptions } from "./model.ts";
import type { ModelRecord } from "./models.ts";
import { type ResponseCache, cacheKey } from "./response-cache.ts";
import type { Tensors } from "./tensor.ts";

export interface ServingOptions extends ModelOptions {
  /** Null for a model whose answers are not remembered. */
  cache: ResponseCache | null;
  /** Told of each look into the cache. */
  looked: ((record: ModelRecord, hit: boolean) => void) | undefined;
}

let contents = 0;

/**
 * One content of a version. Whoever still holds it when another content has taken its place is
 * answered by that one.
 */
export class ServedModel extends LoadedModel {
  private successor: ServedModel | null = null;
  private readonly serving: ServingOptions;
  private readonly content = ++contents;

  constructor(record: ModelRecord, options: ServingOptions) {
    super(record, options);
    this.serving = options;
  }

  /** From now on requests go to `successor`; those that wait here are answered before it closes. */
  supersede(successor: ServedModel): void {
    this.successor = successor;
  }

  override infer(feeds: Tensors, options: JobOptions): Promise<Tensors> {
    if (this.successor !== null) return this.successor.infer(feeds, options);
    const { cache } = this.serving;
    return cache === null ? super.infer(feeds, options) : this.remember(cache, feeds, options);
  }

  private async remember(
    cache: ResponseCache,
    feeds: Tensors,
    options: JobOptions,
  ): Promise<Tensors> {
    const { looked } = this.serving;
    const key = cacheKey(this.record, this.content, feeds);
    const known = cache.find(key);
    looked?.(this.record, known !== null);
    if (known !== null) return known;
    const outputs = await super.infer(feeds, options);
    cache.keep(key, outputs);
    return outputs;
  }

  /** Computes without the cache: what warms a model up has to reach it. */
  async compute(feeds: Tensors, options: JobOptions): Promise<Tensors> {
    if (this.successor !== null) throw exchanged(this.record.name);
    return await super.infer(feeds, options);
  }
}
