import { setImmediate as turn } from "node:timers/promises";
import { type Base, type KnownPage, flag } from "../base/base.ts";
import type { UsableBase } from "../base/known-content.ts";
import { objectsOfEntries } from "../base/objects-of-entries.ts";
import type { PackPool } from "../pack/pool.ts";
import type { Item } from "./fresh-entry.ts";
import { type PlannedPage, amendmentPages, pageText, planPages } from "./page-plan.ts";

/** Entries of new pages that take less time to store than threads to start. */
const fewEntries = 40_000;

/** A page that is in the repository. */
export interface WrittenPage {
  sha256: string;
  first: number;
  count: number;
  /** How many of its entries are told by an amendment. */
  amended: number;
  /** SHA-256 of the objects that its entries refer to. */
  objects: string[];
}

export interface WrittenPages {
  pages: WrittenPage[];
  /** `first` counts the amended items. */
  amendments: WrittenPage[];
  /** The places of the amended items, in order. */
  amended: number[];
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
export async function writePages(options: PagesOptions): Promise<WrittenPages> {
  const { items, own, pool } = options;
  const base = own?.base ?? null;
  const isThere = presenceOf(options);
  const planned = planPages(items, base, isThere);
  const amended = planned.flatMap((page) => page.amended);
  const fresh = planned.filter(({ kept }) => kept === null);
  const few = fresh.reduce((sum, { count }) => sum + count, amended.length) < fewEntries;
  const work: Promise<WrittenPage>[] = [];
  const write = async (places: Iterable<number>, first: number, count: number): Promise<void> => {
    const page = writePage(options, places, { first, count });
    page.catch(() => undefined);
    work.push(page);
    if (!few) return;
    // While one is on its way to the disk, the next is written.
    pool().begin();
    await turn();
  };
  for (const page of planned) {
    const { kept, first, count } = page;
    if (kept === null || base === null) await write(placesOf(page), first, count);
    else work.push(Promise.resolve(keptPage(page, kept, base)));
  }
  const keepsAmendments = base !== null && areKept(base, amended, items, isThere);
  let first = 0;
  for (const places of keepsAmendments ? [] : amendmentPages(planned)) {
    await write(places, first, places.length);
    first += places.length;
  }
  if (fresh.length > 0 || first > 0) pool().begin();
  const written = await Promise.all(work);
  if (fresh.length > 0 || first > 0) await pool().settle();
  const amendments = keepsAmendments
    ? base.amendments.map((page) => knownPage(page, page.objects, base))
    : written.slice(planned.length);
  return { pages: written.slice(0, planned.length), amendments, amended };
}

/** Whether the repository has a page of the base as it was. */
function presenceOf({ own, there }: PagesOptions): (page: KnownPage) => boolean {
  const sizes = new Map(own?.base.objects.map(({ sha256, storedBytes }) => [sha256, storedBytes]));
  return ({ sha256 }) => there.has(sha256) && there.get(sha256) === sizes.get(sha256);
}

/** Whether the base's amendments are those of the new snapshot. */
function areKept(
  base: Base,
  amended: readonly number[],
  items: readonly Item[],
  isThere: (page: KnownPage) => boolean,
): boolean {
  const before = base.amendments.reduce((sum, { count }) => sum + count, 0);
  if (amended.length !== before || !base.amendments.every(isThere)) return false;
  return amended.every((place) => {
    const item = items[place];
    return typeof item === "number" && ((base.flags[item] ?? 0) & flag.amended) !== 0;
  });
}

function keptPage({ first, amended }: PlannedPage, page: KnownPage, base: Base): WrittenPage {
  const changed = new Set(amended.map((place) => place - first + page.first));
  // What only earlier forms of its entries refer to, nobody needs any more.
  const objects = changed.size === 0 ? page.objects : objectsOfEntries(base, page, changed);
  return { ...knownPage(page, objects, base), first, amended: amended.length };
}

function knownPage(page: KnownPage, objects: Iterable<number>, base: Base): WrittenPage {
  const names = Array.from(objects, (number) => base.objects[number]?.sha256 ?? "");
  return { sha256: page.sha256, first: page.first, count: page.count, amended: 0, objects: names };
}

async function writePage(
  { items, own, pool }: PagesOptions,
  places: Iterable<number>,
  { first, count }: { first: number; count: number },
): Promise<WrittenPage> {
  const { text, objects } = pageText(items, places, own?.base ?? null);
  const result = await pool().run({ type: "page", text }, text.length);
  if (result.type !== "page") throw new Error("A page was stored as something else.");
  const names = objects.map(({ sha256 }) => sha256);
  return { sha256: result.object, first, count, amended: 0, objects: names };
}

function* placesOf({ first, count }: PlannedPage): Generator<number> {
  for (let place = first; place < first + count; place += 1) yield place;
}
