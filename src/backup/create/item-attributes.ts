import type { ExtendedAttributes } from "../attributes/dump.ts";
import { readAttributes } from "../attributes/read-attributes.ts";
import { type Base, entryOf } from "../base/base.ts";
import type { Item } from "./fresh-entry.ts";
import type { Intake } from "./intake.ts";

type Found = Map<string, ExtendedAttributes> | null;

/**
 * Reads the extended attributes of what is new or has changed; of everything, where they could not
 * be read before. Nothing is started where there is nothing to read.
 */
export async function readAttributesOf(
  { unread }: Pick<Intake, "unread">,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const files = unread.flatMap(({ member }) => (member.xattrs === undefined ? [member.file] : []));
  return files.length === 0 ? new Map() : readAttributes(files, signal);
}

/** Gives the items their extended attributes; tells whether those of all could be read. */
export function applyAttributes(
  { unread, items }: Pick<Intake, "unread" | "items">,
  base: Base | null,
  found: Found,
): boolean {
  for (const { member, index } of unread) {
    const attributes = member.xattrs ?? found?.get(member.file);
    const item = items[index];
    if (attributes === undefined || Object.keys(attributes).length === 0) continue;
    if (item !== undefined) {
      items[index] = withAttributes(item, base, attributes);
    }
  }
  return found !== null;
}

function withAttributes(item: Item, base: Base | null, xattrs: ExtendedAttributes): Item {
  if (typeof item !== "number") {
    // The attributes of a file with several names are those of its first one.
    if (item.entry !== null && item.entry.type !== "link") item.entry = { ...item.entry, xattrs };
    return item;
  }
  if (base === null) return item;
  const entry = entryOf(base, item);
  if (entry.type === "link") return item;
  const [ctime = 0, inode = 0] = base.wide.subarray(4 * item + 2, 4 * item + 4);
  return { entry: { ...entry, xattrs }, ctime, inode, doubtful: false };
}
