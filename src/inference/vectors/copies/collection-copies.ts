import type { Knex } from "knex";
import type { Changes } from "../engine/engine-protocol.ts";
import type { VectorEngine } from "../engine/engine.ts";
import { accessDatabase } from "../stored/database-access.ts";
import { type CollectionRow, readCollection } from "../stored/collections.ts";
import { decodeEmbeddings, type StoredVector } from "../stored/embedding.ts";
import {
  type ChangePlace,
  itemsPerPage,
  readChanged,
  readDeleted,
  readPage,
} from "../stored/read-items.ts";
import type { Turns } from "../../turns.ts";
import { VectorError } from "../vector-error.ts";
import { canFollow, type Copy, isUpToDate } from "./copy.ts";

/** How often a collection that is replaced meanwhile is read from the beginning. */
const attempts = 5;

/** How long a collection that did not fit is not tried again, in milliseconds. */
const retryAfter = 60_000;

/** The copies of collections in memory, brought up to date before each search. */
export class CollectionCopies {
  private readonly database: Knex;
  private readonly engine: VectorEngine;
  /** In the order of their last use. */
  private readonly copies = new Map<string, Copy>();
  /** Work on a collection's copy goes one after the other. */
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly tooLarge = new Map<string, number>();

  private readonly turns: Turns;

  /** @param turns of work that fills memory which nobody else can free meanwhile */
  constructor(database: Knex, engine: VectorEngine, turns: Turns) {
    this.database = database;
    this.engine = engine;
    this.turns = turns;
  }

  /**
   * A copy that holds at least what the database held when the row was read; null when there is
   * not enough memory for it.
   * @param options.mayEvict the copies of other collections make room
   */
  async upToDate(row: CollectionRow, options = { mayEvict: true }): Promise<Copy | null> {
    const { name } = row;
    const present = this.use(name);
    if (present !== undefined && isUpToDate(present, row, this.engine.generation)) return present;
    return await this.inTurn(name, () => this.bringUpToDate(row, options.mayEvict));
  }

  /** Frees the memory of a collection. */
  async forget(name: string): Promise<void> {
    await this.inTurn(name, () => this.drop(name));
  }

  /** Frees memory for work on a collection. @returns false when no other one is in memory */
  async makeRoomFor(name: string): Promise<boolean> {
    return await this.evict(name);
  }

  private async bringUpToDate(row: CollectionRow, mayEvict: boolean): Promise<Copy | null> {
    const { name } = row;
    const { generation } = this.engine;
    const copy = this.copies.get(name);
    if (copy !== undefined && isUpToDate(copy, row, generation)) return copy;
    if (copy !== undefined && canFollow(copy, row, generation) && (await this.follow(copy, row))) {
      return copy;
    }
    await this.drop(name);
    if (performance.now() < (this.tooLarge.get(name) ?? 0)) return null;
    return await this.turns.take(() => this.load(row, mayEvict));
  }

  /** @returns false when the copy has to be made anew */
  private async follow(copy: Copy, row: CollectionRow): Promise<boolean> {
    const { name, dimension, sequence } = row;
    const limit = itemsPerPage(dimension);
    const changedAt = new Map<string, number>();
    let after: ChangePlace = { sequence: copy.sequence, id: null };
    for (let isMore = true; isMore; ) {
      const page = await this.read((database) => readChanged(database, name, { after, limit }));
      isMore = page.length === limit;
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
      for (const { id, sequence: number } of page) changedAt.set(id, number);
      if (!(await this.apply(copy.handle, page, dimension))) return false;
    }
    // After the items: what is deleted meanwhile is then found here, or with the next search.
    const deletions = await this.read((database) => readDeleted(database, name, copy.sequence));
    const removed = deletions
      .filter((one) => one.sequence > (changedAt.get(one.id) ?? 0))
      .map(({ id }) => id);
    if (removed.length > 0) {
      const { complete } = await this.engine.apply(copy.handle, onlyRemoved(removed));
      if (!complete) return false;
    }
    if (changedAt.size > 0 || removed.length > 0) {
      const now = await this.read((database) => readCollection(database, name));
      if (now.keptFrom > copy.sequence) return false;
    }
    copy.sequence = sequence;
    copy.revision = row.revision;
    return true;
  }

  private async load(first: CollectionRow, mayEvict: boolean): Promise<Copy | null> {
    let row = first;
    for (let attempt = 1; ; attempt++) {
      const { generation } = this.engine;
      const handle = await this.engine.open(row.metric, row.dimension);
      const { epoch, revision, sequence, createdAt } = row;
      const copy = { handle, generation, epoch, revision, sequence, createdAt };
      let outcome: Outcome;
      try {
        outcome = await this.fill(handle, row);
      } catch (error) {
        // Whatever was read is given back, unless the engine itself is gone.
        await this.engine.drop(handle).catch(() => {});
        throw error;
      }
      if (outcome === "complete") {
        this.copies.set(row.name, copy);
        return copy;
      }
      await this.engine.drop(handle);
      if (outcome === "replaced") {
        if (attempt === attempts) throw restless(row.name);
        row = await this.read((database) => readCollection(database, first.name));
      } else if (!mayEvict) return null;
      else if (!(await this.evict(row.name))) {
        this.tooLarge.set(row.name, performance.now() + retryAfter);
        return null;
      }
    }
  }

  private async fill(handle: number, row: CollectionRow): Promise<Outcome> {
    const limit = itemsPerPage(row.dimension);
    const isReplaced = async (): Promise<boolean> => {
      const now = await this.read((database) => readCollection(database, row.name));
      return now.createdAt !== row.createdAt || now.epoch !== row.epoch;
    };
    for (let after: string | null = null; ; ) {
      const page = await this.read((database) => readPage(database, row.name, { after, limit }));
      try {
        if (page.length > 0 && !(await this.apply(handle, page, row.dimension))) return "too large";
      } catch (error) {
        if (await isReplaced()) return "replaced";
        throw error;
      }
      after = page.at(-1)?.id ?? null;
      if (page.length < limit) return (await isReplaced()) ? "replaced" : "complete";
    }
  }

  private async apply(
    handle: number,
    page: readonly StoredVector[],
    dimension: number,
  ): Promise<boolean> {
    const { complete } = await this.engine.apply(handle, changesOf(page, dimension));
    return complete;
  }

  /** Frees the copy that was not used for longest. @returns false when there is no other */
  private async evict(except: string): Promise<boolean> {
    for (const name of this.copies.keys()) {
      if (name === except) continue;
      await this.drop(name);
      return true;
    }
    return false;
  }

  private use(name: string): Copy | undefined {
    const copy = this.copies.get(name);
    if (copy === undefined) return undefined;
    this.copies.delete(name);
    this.copies.set(name, copy);
    return copy;
  }

  private async drop(name: string): Promise<void> {
    const copy = this.copies.get(name);
    this.copies.delete(name);
    if (copy?.generation === this.engine.generation) await this.engine.drop(copy.handle);
  }

  private read<Result>(work: (database: Knex) => Promise<Result>): Promise<Result> {
    return accessDatabase(this.database, work);
  }

  private inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.queues.get(name) ?? Promise.resolve();
    const result = before.then(work, work);
    this.queues.set(name, result);
    const ended = (): void => {
      if (this.queues.get(name) === result) this.queues.delete(name);
    };
    result.then(ended, ended);
    return result;
  }
}

type Outcome = "complete" | "too large" | "replaced";

/** Stored vectors as the engine takes them. */
export function changesOf(page: readonly StoredVector[], dimension: number): Changes {
  return {
    ids: page.map(({ id }) => id),
    metadata: page.map(({ metadata }) => metadata),
    vectors: decodeEmbeddings(page, dimension),
    removed: [],
  };
}

function onlyRemoved(removed: readonly string[]): Changes {
  return { ids: [], metadata: [], vectors: new Float32Array(), removed };
}

function restless(name: string): VectorError {
  return new VectorError(
    "vector.database",
    `The collection "${name}" is replaced again and again while it is read.`,
  );
}
