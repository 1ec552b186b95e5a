import { readFile } from "node:fs/promises";
import * as yaml from "yaml";
import { reasonOf, systemCode } from "../errors.ts";
import { type Problem, problemAt } from "./problems.ts";
import type { MapEntry, MapNode, Node, Path, Place } from "./tree.ts";

export interface Source {
  /** The whole file; null when problems keep it from being read. */
  root: MapNode | null;
  problems: Problem[];
}

/** Reads a YAML file into a tree with places; what is wrong comes back as problems. */
export async function readSource(file: string, label: string): Promise<Source> {
  try {
    const bytes = await readFile(file);
    return parseSource(new TextDecoder("utf-8", { fatal: true }).decode(bytes), label);
  } catch (error) {
    return { root: null, problems: [atStart(label, readFailure(error))] };
  }
}

/** Reads YAML text into a tree with places. */
export function parseSource(text: string, label: string): Source {
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Duplicates are found by the builder, which knows the path of the key.
    uniqueKeys: false,
    schema: "core",
    merge: false,
    logLevel: "error",
  });
  const builder = new Builder(lines, label);
  if (document.errors.length > 0) {
    return { root: null, problems: document.errors.map((error) => builder.syntax(error)) };
  }
  if (document.contents === null) {
    return { root: null, problems: [atStart(label, "the file is empty")] };
  }
  const root = builder.build(document.contents, []);
  if (root.kind === "map") return { root, problems: builder.problems };
  builder.add([], root.place, "the file must hold a map of keys and values, such as name: studio");
  return { root: null, problems: builder.problems };
}

class Builder {
  readonly problems: Problem[] = [];
  private readonly lines: yaml.LineCounter;
  private readonly label: string;

  constructor(lines: yaml.LineCounter, label: string) {
    this.lines = lines;
    this.label = label;
  }

  build(node: unknown, path: Path): Node {
    const place = this.placeOf(node, path);
    if (yaml.isAlias(node)) {
      this.add(path, place, "aliases are not supported: write the value out");
      return { kind: "scalar", value: null, place };
    }
    if (yaml.isNode(node)) this.refuseProperties(node, path, place);
    if (yaml.isMap(node)) return this.buildMap(node, path, place);
    if (yaml.isSeq(node)) {
      const items = node.items.map((item, index) => this.build(item, [...path, index]));
      return { kind: "list", items, place };
    }
    return { kind: "scalar", value: scalarValue(node), place };
  }

  add(path: Path, place: Place, message: string): void {
    this.problems.push(problemAt(this.label, place, path, message));
  }

  syntax(error: yaml.YAMLParseError): Problem {
    const { line, col } = this.lines.linePos(error.pos[0]);
    const message = syntaxMessages[error.code] ?? `YAML syntax: ${withoutQuotation(error.message)}`;
    return { label: this.label, line, column: col, path: "", message };
  }

  private buildMap(node: yaml.YAMLMap, path: Path, place: Place): MapNode {
    const entries = new Map<string, MapEntry>();
    for (const { key, value } of node.items) {
      const written = scalarValue(key);
      const name = written === null ? null : String(written);
      const keyPlace = this.placeOf(key, name === null ? path : [...path, name]);
      if (name === null) {
        this.add(path, keyPlace, "a key must be a plain word");
        continue;
      }
      const inner = [...path, name];
      if (name === "<<") this.add(path, keyPlace, "merge keys are not supported");
      if (entries.has(name)) this.add(inner, keyPlace, "this key is given twice");
      if (yaml.isNode(key)) this.refuseProperties(key, inner, keyPlace);
      const built = this.build(value, inner);
      entries.set(name, { key: keyPlace, value: value === null ? at(built, keyPlace) : built });
    }
    return { kind: "map", entries, place };
  }

  /** Anchors and tags say something that this file format has no meaning for. */
  private refuseProperties(node: yaml.Node, path: Path, place: Place): void {
    if ("anchor" in node && node.anchor !== undefined) {
      this.add(path, place, 'anchors are not supported: put a text that starts with "&" in quotes');
    }
    if ("tag" in node && node.tag !== undefined) {
      this.add(path, place, 'tags are not supported: put a text that starts with "!" in quotes');
    }
  }

  private placeOf(node: unknown, path: Path): Place {
    const offset = yaml.isNode(node) ? (node.range?.[0] ?? 0) : 0;
    const { line, col } = this.lines.linePos(offset);
    const source = path[0] === "environments" ? "environment" : "file";
    return { source, path, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

const syntaxMessages: Partial<Record<yaml.ErrorCode, string>> = {
  TAB_AS_INDENT: "a tab is used for indentation: use spaces",
  MULTIPLE_DOCS: 'the file holds more than one document: remove the "---" line',
};

function scalarValue(node: unknown): string | number | boolean | null {
  const value = yaml.isScalar(node) ? node.value : null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  // The core schema gives nothing else, but for whole numbers beyond what a number can hold.
  return typeof value === "bigint" ? String(value) : null;
}

function at(node: Node, place: Place): Node {
  return { ...node, place };
}

function atStart(label: string, message: string): Problem {
  return { label, line: 1, column: 1, path: "", message };
}

const readFailures: Record<string, string> = {
  EISDIR: "is a directory, not a file",
  EACCES: "cannot be read: permission denied",
  ENOENT: "is a link to a file that does not exist",
  ELOOP: "is a link that leads back to itself",
  ERR_ENCODING_INVALID_ENCODED_DATA: "is not UTF-8 text",
};

function readFailure(error: unknown): string {
  return readFailures[systemCode(error) ?? ""] ?? `cannot be read: ${reasonOf(error)}`;
}

/** The library quotes what it stumbled over, which may be a piece of a password. */
function withoutQuotation(message: string): string {
  return message.replace(/:? "[\s\S]*"$/, "");
}
