import { crc32 } from "node:zlib";
import type { Base } from "../base/base.ts";
import { KnownEntries } from "../base/known-entries.ts";
import { type EncodedPage, PageText } from "../format/page-text.ts";
import type { Item } from "./fresh-entry.ts";

/** On average a page ends after this many entries: where the checksum of a path is a multiple. */
const usualEntries = 1024;
const mostEntries = 8192;

/** A page of the new snapshot: one of the base's by its number, or one that has to be stored. */
export interface PlannedPage {
  kept: number | null;
  first: number;
  count: number;
}

/**
 * Cuts entries into pages. Where a page ends depends on the paths alone, so that what is added or
 * removed changes the page around it and no other; an unchanged one is taken over from the base.
 */
export function planPages(
  items: readonly Item[],
  base: Base | null,
  isThere: (page: number) => boolean,
): PlannedPage[] {
  const starts = new Map(base?.pages.map(({ first }, number) => [first, number]));
  const ends = pageEnds(base);
  const pages: PlannedPage[] = [];
  for (let first = 0; first < items.length; ) {
    const item = items[first];
    const number = typeof item === "number" ? starts.get(item) : undefined;
    const count = number === undefined ? 0 : (base?.pages[number]?.count ?? 0);
    if (number !== undefined && isThere(number) && isRun(items, first, count)) {
      pages.push({ kept: number, first, count });
      first += count;
      continue;
    }
    const end = endOfPage(items, first, base, ends);
    pages.push({ kept: null, first, count: end - first });
    first = end;
  }
  return pages;
}

/** The text of a page that has to be stored, and the objects that it refers to. */
export function pageText(
  items: readonly Item[],
  { first, count }: PlannedPage,
  base: Base | null,
): EncodedPage {
  const page = new PageText();
  const known = base === null ? null : new KnownEntries(base);
  for (let at = first; at < first + count; at += 1) {
    const item = items[at];
    if (typeof item === "number") known?.writeTo(page, item);
    else if (item?.entry != null) page.add(item.entry);
    else throw new Error("An entry without content was to be listed.");
  }
  return page.end();
}

/** Whether `count` items from `first` on are consecutive entries of the base. */
function isRun(items: readonly Item[], first: number, count: number): boolean {
  const start = items[first];
  if (typeof start !== "number" || first + count > items.length) return false;
  for (let offset = 1; offset < count; offset += 1) {
    if (items[first + offset] !== start + offset) return false;
  }
  return true;
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
