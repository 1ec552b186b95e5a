import { setImmediate as turn } from "node:timers/promises";
import type { Base } from "../base/base.ts";
import type { UsableBase } from "../base/known-content.ts";
import type { PackPool } from "../pack/pool.ts";
import type { Item } from "./fresh-entry.ts";
import { type PlannedPage, pageText, planPages } from "./page-plan.ts";

/** Entries of new pages that take less time to store than threads to start. */
const fewEntries = 40_000;

/** A page that is in the repository. */
export interface WrittenPage {
  sha256: string;
  first: number;
  count: number;
  /** SHA-256 of the objects that it refers to. */
  objects: string[];
}

export interface PagesOptions {
  items: readonly Item[];
  /** The last snapshot of the same set. */
  own: UsableBase | null;
  /** Bytes of the objects that are in the repository. */
  there: ReadonlyMap<string, number>;
  pool: () => PackPool;
}

/** Stores the pages that the repository does not have. */
export async function writePages({
  items,
  own,
  there,
  pool,
}: PagesOptions): Promise<WrittenPage[]> {
  const base = own?.base ?? null;
  const sizes = new Map(base?.objects.map(({ sha256, storedBytes }) => [sha256, storedBytes]));
  const isThere = (number: number): boolean => {
    const sha256 = base?.pages[number]?.sha256 ?? "";
    return there.has(sha256) && there.get(sha256) === sizes.get(sha256);
  };
  const planned = planPages(items, base, isThere);
  const fresh = planned.filter(({ kept }) => kept === null);
  const few = fresh.reduce((sum, { count }) => sum + count, 0) < fewEntries;
  const pages: Promise<WrittenPage>[] = [];
  for (const page of planned) {
    const written = writePage(page, { items, base, pool });
    written.catch(() => undefined);
    pages.push(written);
    if (page.kept !== null || !few) continue;
    // While one is on its way to the disk, the next is written.
    pool().begin();
    await turn();
  }
  if (fresh.length > 0) pool().begin();
  const written = await Promise.all(pages);
  if (fresh.length > 0) await pool().settle();
  return written;
}

async function writePage(
  page: PlannedPage,
  { items, base, pool }: Pick<PagesOptions, "items" | "pool"> & { base: Base | null },
): Promise<WrittenPage> {
  const { kept, first, count } = page;
  if (kept !== null) {
    const { sha256 = "", objects = [] } = base?.pages[kept] ?? {};
    const names = objects.map((number) => base?.objects[number]?.sha256 ?? "");
    return { sha256, first, count, objects: names };
  }
  const { text, objects } = pageText(items, page, base);
  const result = await pool().run({ type: "page", text }, text.length);
  if (result.type !== "page") throw new Error("A page was stored as something else.");
  return { sha256: result.object, first, count, objects: objects.map(({ sha256 }) => sha256) };
}
