/** One entry of an archive's table of contents. */
export interface TocEntry {
  id: number;
  /** What it is, in pg_dump's words: `TABLE`, `TABLE DATA`, `FK CONSTRAINT`. */
  kind: string;
  schema: string | null;
  /** The object's name; for what belongs to a table, the table's name, a space, its own name. */
  tag: string;
  owner: string | null;
  /** The statement that creates it. */
  definition: string | null;
  /** `COPY schema.table (columns) FROM stdin;` of a table's rows. */
  copyStatement: string | null;
  dependencies: number[];
  /** The file with its data; null for an entry without. */
  file: string | null;
}

export interface Toc {
  /** The archive format's version, as [1, 14]. */
  version: [number, number];
  entries: TocEntry[];
}

/** Where in the bytes the parts lie that may be rewritten: [start, end). */
export interface TocPlaces {
  date: [number, number];
  /** By the entry's id: the length and the text of its file's name. */
  files: Map<number, [number, number]>;
}

/** pg_dump 11 to 18 write versions 1.13 to 1.16; a newer one may have other fields. */
const supported = { from: 13, to: 16 };

/**
 * Reads the `toc.dat` of a directory that pg_dump wrote: WriteHead and WriteToc of
 * src/bin/pg_dump/pg_backup_archiver.c, _WriteExtraToc of pg_backup_directory.c.
 * @returns null for a version that is not known
 */
export function readToc(bytes: Buffer): (Toc & { places: TocPlaces }) | null {
  const reader = new TocReader(bytes);
  if (reader.text(5) !== "PGDMP") return null;
  const version: [number, number] = [reader.byte(), reader.byte()];
  if (version[0] !== 1 || version[1] < supported.from || version[1] > supported.to) return null;
  reader.skip(1);
  reader.integerBytes = reader.byte();
  // The size of an offset and the format's number.
  reader.skip(2);
  if (version[1] >= 15) reader.skip(1);
  else reader.integer();
  const dateStart = reader.position;
  for (let part = 0; part < 7; part += 1) reader.integer();
  const date: [number, number] = [dateStart, reader.position];
  // The database, the server's version, pg_dump's version.
  for (let part = 0; part < 3; part += 1) reader.string();
  const files = new Map<number, [number, number]>();
  const entries = Array.from({ length: reader.integer() }, () =>
    readEntry(reader, version[1], files),
  );
  return reader.position === bytes.length ? { version, entries, places: { date, files } } : null;
}

function readEntry(
  reader: TocReader,
  version: number,
  files: Map<number, [number, number]>,
): TocEntry {
  const id = reader.integer();
  reader.integer();
  reader.string();
  reader.string();
  const tag = reader.string() ?? "";
  const kind = reader.string() ?? "";
  reader.integer();
  const definition = reader.string();
  reader.string();
  const copyStatement = reader.string();
  const schema = reader.string();
  reader.string();
  if (version >= 14) reader.string();
  if (version >= 16) reader.integer();
  const owner = reader.string();
  reader.string();
  const dependencies: number[] = [];
  for (let one = reader.string(); one !== null; one = reader.string()) {
    dependencies.push(Number(one));
  }
  const start = reader.position;
  const file = reader.string();
  files.set(id, [start, reader.position]);
  return {
    id,
    kind,
    schema: nullIfEmpty(schema),
    tag,
    owner: nullIfEmpty(owner),
    definition,
    copyStatement,
    dependencies,
    file: nullIfEmpty(file),
  };
}

function nullIfEmpty(text: string | null): string | null {
  return text === "" ? null : text;
}

/** Integers are a sign byte and little-endian bytes; a string is its length, -1 for none. */
class TocReader {
  position = 0;
  integerBytes = 4;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.position += count;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.position++);
  }

  integer(): number {
    const negative = this.byte() !== 0;
    const value = this.#bytes.readUIntLE(this.position, this.integerBytes);
    this.position += this.integerBytes;
    return negative ? -value : value;
  }

  string(): string | null {
    const length = this.integer();
    return length < 0 ? null : this.text(length);
  }

  text(length: number): string {
    const end = this.position + length;
    if (end > this.#bytes.length) throw new RangeError("The table of contents ends too early.");
    const text = this.#bytes.toString("utf8", this.position, end);
    this.position = end;
    return text;
  }
}
