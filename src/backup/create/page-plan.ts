import { crc32 } from "node:zlib";
import { type Base, type KnownPage, flag } from "../base/base.ts";
import { KnownEntries } from "../base/known-entries.ts";
import { type EncodedPage, PageText } from "../format/page-text.ts";
import type { Item } from "./fresh-entry.ts";

/** On average a page ends after this many entries: where the checksum of a path is a multiple. */
const usualEntries = 1024;
const mostEntries = 8192;
/** A page is taken over while no more than one in so many of its entries has changed. */
const entriesForOneChange = 16;

/** A page of the new snapshot: one of the base's, or one that has to be stored. */
export interface PlannedPage {
  kept: KnownPage | null;
  first: number;
  count: number;
  /** Items of which a kept page tells an earlier form. */
  amended: number[];
}

/**
 * Cuts entries into pages. Where a page ends depends on the paths alone, so that what is added or
 * removed changes the page around it and no other. One with the same paths is taken over from the
 * base while few of its entries have changed: those are amended.
 */
export function planPages(
  items: readonly Item[],
  base: Base | null,
  isThere: (page: KnownPage) => boolean,
): PlannedPage[] {
  const known = new Map(base?.pages.map((page) => [page.first, page]));
  const ends = pageEnds(base);
  const pages: PlannedPage[] = [];
  /** The entry of the base that comes next where nothing was added or removed. */
  let next = 0;
  for (let first = 0; first < items.length; ) {
    const start = startOf(items[first], next);
    const page = known.get(start);
    const amended =
      base !== null && page !== undefined && isThere(page)
        ? amendedOf(items, first, base, page)
        : null;
    const end = amended === null ? endOfPage(items, first, base, ends) : first + (page?.count ?? 0);
    const kept = amended === null ? null : (page ?? null);
    pages.push({ kept, first, count: end - first, amended: amended ?? [] });
    next = start + end - first;
    first = end;
  }
  return pages;
}

const startOf = (item: Item | undefined, next: number): number =>
  typeof item === "number" ? item : next;

/**
 * The items that a page of the base does not tell as they are now; null where it has other paths,
 * or too little of it is still true.
 */
function amendedOf(
  items: readonly Item[],
  first: number,
  base: Base,
  { first: start, count }: KnownPage,
): number[] | null {
  if (first + count > items.length) return null;
  const amended: number[] = [];
  const most = Math.floor(count / entriesForOneChange);
  for (let offset = 0; offset < count; offset += 1) {
    const entry = start + offset;
    const item = items[first + offset];
    if (item === entry && ((base.flags[entry] ?? 0) & flag.amended) === 0) continue;
    const samePath = item === entry || pathOf(item) === base.paths[entry];
    if (!samePath || amended.length === most) return null;
    amended.push(first + offset);
  }
  return amended;
}

const pathOf = (item: Item | undefined): string | undefined =>
  typeof item === "object" ? item.entry?.path : undefined;

/** The text of a page that has to be stored, and the objects that it refers to. */
export function pageText(
  items: readonly Item[],
  places: Iterable<number>,
  base: Base | null,
): EncodedPage {
  const page = new PageText();
  const known = base === null ? null : new KnownEntries(base);
  for (const at of places) {
    const item = items[at];
    if (typeof item === "number") known?.writeTo(page, item);
    else if (item?.entry != null) page.add(item.entry);
    else throw new Error("An entry without content was to be listed.");
  }
  return page.end();
}

/** The places of the amended items, page by page. */
export function amendmentPages(pages: readonly PlannedPage[]): number[][] {
  const amended = pages.flatMap((page) => page.amended);
  const all: number[][] = [];
  for (let first = 0; first < amended.length; first += mostEntries) {
    all.push(amended.slice(first, first + mostEntries));
  }
  return all;
}

/** Entries at which pages of the base end, and whether it is for their paths. */
function pageEnds(base: Base | null): Map<number, boolean> {
  const pages = base?.pages ?? [];
  return new Map(
    pages.map(({ first, count }, number) => {
      return [first + count - 1, count < mostEntries && number < pages.length - 1];
    }),
  );
}

function endOfPage(
  items: readonly Item[],
  first: number,
  base: Base | null,
  ends: ReadonlyMap<number, boolean>,
): number {
  const limit = Math.min(items.length, first + mostEntries);
  for (let at = first; at < limit; at += 1) {
    const item = items[at];
    if (typeof item === "number") {
      // Checksums of all paths would take as long as all the rest: the base tells most of them.
      const isEnd = ends.get(item);
      if (isEnd === undefined) continue;
      if (isEnd || endsPage(base?.paths[item])) return at + 1;
    } else if (endsPage(item?.entry?.path)) return at + 1;
  }
  return limit;
}

const endsPage = (path: string | undefined): boolean => crc32(path ?? "") % usualEntries === 0;
