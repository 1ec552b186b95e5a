import type { Base, KnownObject } from "../base/base.ts";
import { KnownContent, type UsableBase } from "../base/known-content.ts";
import type { DatabaseFacts } from "../format/entry.ts";
import { PackPool } from "../pack/pool.ts";
import { type ProgressListener, createPace } from "../pace.ts";
import type { FinishedObject } from "../pack/protocol.ts";
import type { Source, SourceContext } from "../sources/source.ts";
import { applyAttributes, readAttributesOf } from "./item-attributes.ts";
import { ContentPlan } from "./content-plan.ts";
import type { Item } from "./fresh-entry.ts";
import { Intake } from "./intake.ts";
import type { ObjectSink } from "./object-sink.ts";
import type { SnapshotNotes } from "./snapshot-notes.ts";
import { type WrittenPage, writePages } from "./write-pages.ts";

export interface ContentOptions {
  /** As the store has it. */
  requestsAtOnce: number;
  /** See `PackPoolOptions`. */
  worthThreads: number | undefined;
  /** Takes what is new. */
  sink: ObjectSink;
  sources: readonly Source[];
  /** age recipients; none for a snapshot that is not encrypted. */
  recipients: readonly string[];
  /** zstd level. */
  level: number;
  /** A folder for copies of databases. */
  scratch: string;
  /** Absolute paths to leave out. */
  avoid: ReadonlySet<string>;
  /** The last snapshot of the same set. */
  own: UsableBase | null;
  /** Those of other sets, whose content is known as well. */
  others: readonly UsableBase[];
  /** Bytes of the objects that are in the repository. */
  there: Map<string, number>;
  /** Milliseconds since 1970. */
  now: number;
  signal: AbortSignal | undefined;
  onProgress: ProgressListener | undefined;
}

/** All that a snapshot holds, in the repository already; nothing refers to it yet. */
export interface WrittenContent {
  items: Item[];
  /** Whether the extended attributes of all items could be read. */
  attributes: boolean;
  /** The base that items which are numbers belong to. */
  base: Base | null;
  pages: WrittenPage[];
  /** Pages of entries of which a page that was taken over tells an earlier form. */
  amendments: WrittenPage[];
  /** Those entries: the places of items, in order. */
  amended: number[];
  databases: DatabaseFacts[];
  notes: SnapshotNotes;
  /** Every object that the snapshot needs. */
  objects: KnownObject[];
  /** Bytes of the objects that were not in the repository before. */
  addedBytes: number;
}

/** Stores what the sources yield and the base does not have. */
export async function writeContent(options: ContentOptions): Promise<WrittenContent> {
  const { own, others, recipients, level, sink } = options;
  const known = new KnownContent(own === null ? others : [own, ...others]);
  let running: PackPool | null = null;
  const pool = (): PackPool => {
    if (running === null) {
      const settings = { recipients, level, known: known.share() };
      const { requestsAtOnce, worthThreads } = options;
      const put = (object: FinishedObject): Promise<void> => sink.put(object);
      running = new PackPool({ settings, requestsAtOnce, worthThreads, put });
    }
    return running;
  };
  try {
    const taken = await takeIn(options, known, pool);
    const written = await writePages({ items: taken.items, own, there: options.there, pool });
    const base = own?.base ?? null;
    const objects = objectsOf([...written.pages, ...written.amendments], options);
    return { ...taken, ...written, base, objects, addedBytes: sink.addedBytes };
  } finally {
    await (running as PackPool | null)?.close();
  }
}

async function takeIn(
  options: ContentOptions,
  known: KnownContent,
  pool: () => PackPool,
): Promise<Pick<WrittenContent, "items" | "attributes" | "databases" | "notes">> {
  const { own, sink, signal, onProgress } = options;
  const notes: SnapshotNotes = {
    skipped: [],
    vanished: [],
    ignored: [],
    links: [],
    remarks: [],
    changed: [],
  };
  const databases: DatabaseFacts[] = [];
  const context = contextOf(options, notes, databases);
  const progress = { phase: "store" as const, members: 0, bytes: 0, totalBytes: 0 };
  const plan = new ContentPlan({
    pool,
    known,
    sink,
    context,
    changed: (path) => notes.changed.push(path),
    stored(bytes) {
      progress.bytes += bytes;
      onProgress?.({ ...progress });
    },
  });
  const intake = new Intake({
    base: own?.base ?? null,
    usable: own?.usable ?? [],
    started: options.now,
    context,
    sources: options.sources.length,
    read(member, fresh) {
      progress.totalBytes += member.size;
      plan.add(member, fresh);
    },
  });
  const pace = createPace(signal);
  for (const source of options.sources) {
    for await (const members of source.members(context)) {
      for (const member of members) intake.add(member);
      progress.members += members.length;
      onProgress?.({ ...progress });
      await pace();
    }
  }
  const reading = readAttributesOf(intake, signal);
  reading.catch(() => undefined);
  await plan.finish();
  if (intake.separateLinks()) await plan.finish();
  signal?.throwIfAborted();
  const attributes = applyAttributes(intake, own?.base ?? null, await reading);
  const items = intake.items.filter((item) => typeof item === "number" || item.entry !== null);
  return { items, attributes, databases, notes };
}

function contextOf(
  { scratch, avoid, signal }: ContentOptions,
  notes: SnapshotNotes,
  databases: DatabaseFacts[],
): SourceContext {
  return {
    scratch,
    avoid,
    signal,
    skip: (path, reason) => notes.skipped.push({ path, reason }),
    vanish: (path) => notes.vanished.push(path),
    ignore: (path, kind) => notes.ignored.push({ path, kind }),
    link: (path, target) => notes.links.push({ path, target }),
    note: (text) => notes.remarks.push(text),
    database: (facts) => databases.push(facts),
  };
}

/** What the objects of a snapshot are: those of its pages, and the pages themselves. */
function objectsOf(
  pages: readonly WrittenPage[],
  { own, others, sink }: ContentOptions,
): KnownObject[] {
  const bases = own === null ? others : [own, ...others];
  const before = new Map(
    bases.flatMap(({ base }) => base.objects).map((object) => [object.sha256, object]),
  );
  const names = new Set(pages.flatMap(({ sha256, objects }) => [sha256, ...objects]));
  return Array.from(names, (name) => {
    const object = sink.object(name) ?? before.get(name);
    if (object === undefined) throw new Error(`Nothing is known of object ${name}.`);
    return object;
  });
}
