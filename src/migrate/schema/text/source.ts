import {
  type Document,
  LineCounter,
  type Node,
  type YAMLMap,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import { StudioError, exitCodes } from "../../../errors.ts";
import { WordsError } from "../words/word-reader.ts";

/** A node of the file, or what stands for one that is empty: its key. */
export type Place = Node;

export interface Entry {
  name: string;
  key: Place;
  value: Place;
}

/** Reads a YAML file piece by piece, and keeps all that is wrong until the end. */
export class SchemaSource {
  readonly root: Place | null;
  private readonly file: string;
  private readonly lines = new LineCounter();
  private readonly problems: { line: number; message: string }[] = [];
  private readonly places = new WeakMap<object, Place>();

  constructor(text: string, file: string) {
    this.file = file;
    const document: Document = parseDocument(text, {
      lineCounter: this.lines,
      prettyErrors: false,
      schema: "core",
      uniqueKeys: false,
      logLevel: "error",
    });
    // What follows the first mistake of syntax mostly follows from it.
    const [error] = document.errors;
    if (error !== undefined) {
      this.add(this.lines.linePos(error.pos[0]).line, `YAML syntax: ${error.message}`);
    }
    this.root = document.errors.length === 0 ? document.contents : null;
    if (document.errors.length === 0 && this.root === null) this.add(1, "the file is empty");
  }

  /** Notes what is wrong, at the line of a node or of a thing that was read. */
  problem(place: object, message: string): void {
    const node = this.places.get(place) ?? place;
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    this.add(this.lines.linePos(offset).line, message);
  }

  /** Remembers where something was read. */
  from<T extends object>(place: Place, thing: T): T {
    this.places.set(thing, place);
    return thing;
  }

  /** Runs a reader of a short form; what it refuses becomes a problem of the node. */
  attempt<T>(place: Place, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof WordsError)) throw error;
      this.problem(place, error.message);
      return null;
    }
  }

  /** @throws StudioError (exit 2) with everything that is wrong, where something is */
  refuseProblems(): void {
    if (this.problems.length === 0) return;
    const sorted = this.problems.toSorted((one, other) => one.line - other.line);
    const texts = sorted.map(({ line, message }) => `${this.file}:${line}: ${message}`);
    const lines = [...new Set(texts)];
    const count = lines.length === 1 ? "one problem" : `${lines.length} problems`;
    throw new StudioError({
      code: "schema.invalid",
      message: `The schema file ${this.file} has ${count}:\n${lines.map((line) => `  ${line}`).join("\n")}`,
      hint: "Correct what is listed and run the command again. Nothing was changed.",
      exitCode: exitCodes.usage,
      details: sorted.map((one) => ({ file: this.file, ...one })),
    });
  }

  private add(line: number, message: string): void {
    this.problems.push({ line: Math.max(line, 1), message });
  }

  /**
   * The entries of a map.
   * @param known the keys there may be; null where they are names
   */
  entries(place: Place, known: readonly string[] | null): Entry[] {
    if (!isMap(place)) {
      if (!isEmpty(place)) this.problem(place, "a map of keys and values is expected here");
      return [];
    }
    const found: Entry[] = [];
    for (const entry of this.pairs(place)) {
      if (found.some(({ name }) => name === entry.name)) {
        this.problem(entry.key, `"${entry.name}" is given twice`);
      } else if (known !== null && !known.includes(entry.name)) {
        this.problem(entry.key, `"${entry.name}" is not known here; there are ${known.join(", ")}`);
      } else {
        found.push(entry);
      }
    }
    return found;
  }

  private *pairs(map: YAMLMap): Generator<Entry> {
    for (const { key, value } of map.items) {
      if (!isScalar(key)) continue;
      const place = isNode(value) ? value : key;
      yield { name: scalarText(key), key, value: value === null ? emptyAt(key) : place };
    }
  }

  /** The values of a map by their keys, which must be among those that are known. */
  fields(place: Place, known: readonly string[]): Fields {
    return new Fields(
      this,
      new Map(this.entries(place, known).map((one) => [one.name, one.value])),
    );
  }

  /**
   * A map, or something shorter in its place.
   * @param main the key under which a map holds what the short form is
   */
  mapOrShort(place: Place, main: string, more: readonly string[]): { at: Place; fields: Fields } {
    if (!isMap(place)) return { at: place, fields: new Fields(this, new Map()) };
    const fields = this.fields(place, [main, ...more]);
    const at = fields.place(main);
    if (at === undefined) this.problem(place, `"${main}" is missing`);
    return { at: at ?? place, fields };
  }

  isMap(place: Place): boolean {
    return isMap(place);
  }

  isList(place: Place): boolean {
    return isSeq(place);
  }

  items(place: Place): Place[] {
    if (isSeq(place)) return place.items.filter(isNode);
    if (!isEmpty(place)) this.problem(place, "a list is expected here");
    return [];
  }

  /** A text, as it is written where it looks like a number. */
  text(place: Place): string {
    if (isScalar(place) && !isEmpty(place)) return scalarText(place);
    this.problem(place, "a text is expected here");
    return "";
  }

  /** One text, or a list of them. */
  texts(place: Place): string[] {
    if (isSeq(place)) return this.items(place).map((item) => this.text(item));
    return [this.text(place)];
  }

  flag(place: Place | undefined): boolean {
    if (place === undefined) return false;
    if (isScalar(place) && typeof place.value === "boolean") return place.value;
    this.problem(place, "true or false is expected here");
    return false;
  }
}

/** The fields of one map. */
export class Fields {
  private readonly source: SchemaSource;
  private readonly places: ReadonlyMap<string, Place>;

  constructor(source: SchemaSource, places: ReadonlyMap<string, Place>) {
    this.source = source;
    this.places = places;
  }

  place(name: string): Place | undefined {
    return this.places.get(name);
  }

  text(name: string): string | null {
    const place = this.places.get(name);
    return place === undefined ? null : this.source.text(place);
  }

  texts(name: string): string[] {
    const place = this.places.get(name);
    return place === undefined ? [] : this.source.texts(place);
  }

  flag(name: string): boolean {
    return this.source.flag(this.places.get(name));
  }

  /** A map of names to texts. */
  options(name: string): Record<string, string> {
    const place = this.places.get(name);
    if (place === undefined) return {};
    const entries = this.source.entries(place, null);
    return Object.fromEntries(entries.map((one) => [one.name, this.source.text(one.value)]));
  }
}

function scalarText(node: Node): string {
  if (!isScalar(node)) return "";
  if (typeof node.value === "string") return node.value;
  return node.source ?? String(node.value);
}

function isEmpty(place: Place): boolean {
  return isScalar(place) && (place.value === null || place.value === undefined);
}

/** An empty value, at the place of its key. */
function emptyAt(key: Node): Place {
  const copy = key.clone() as Place;
  if (isScalar(copy)) copy.value = null;
  return copy;
}
