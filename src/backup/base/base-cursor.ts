import type { Base } from "./base.ts";

/**
 * Finds paths in a base. They are asked for in nearly the same order as they stand there, so the
 * next one is looked at first, and a table is only made once something was added or removed.
 */
export class BaseCursor {
  readonly #paths: readonly string[];
  #next = 0;
  #table: Map<string, number> | null = null;

  constructor(base: Pick<Base, "paths">) {
    this.#paths = base.paths;
  }

  /** The number of the entry with this path, or -1. */
  find(path: string): number {
    let index = this.#next;
    if (this.#paths[index] !== path) {
      this.#table ??= new Map(this.#paths.map((known, at) => [known, at]));
      index = this.#table.get(path) ?? -1;
    }
    if (index >= 0) this.#next = index + 1;
    return index;
  }
}
