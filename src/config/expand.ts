import { interpolate } from "./interpolate.ts";
import { type Problem, problemAt } from "./problems.ts";
import type { FieldKind } from "./schema/fields.ts";
import { isSecretKind, kindOf, stepInto } from "./schema/navigate.ts";
import { settingsSchema } from "./schema.ts";
import { showsSecret } from "./secret-text.ts";
import {
  type MapEntry,
  type Node,
  type Path,
  type Place,
  type ScalarNode,
  formatPath,
  fromValue,
} from "./tree.ts";
import type { Variables } from "./variables.ts";

export interface Expansion {
  root: Node;
  problems: Problem[];
  warnings: string[];
  /** Texts that refer to variables that are not set: nothing can be said about their values. */
  unresolved: Set<Node>;
}

export interface ExpandOptions {
  label: string;
  variables: Variables;
  /** False for environments that are not used: there a missing variable is no problem. */
  strict: boolean;
}

type Schemas = ReturnType<typeof stepInto>;

const secretName = /(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY)$/i;

/**
 * Replaces `${VARIABLE}` in the texts of the settings. Secrets stay references: a text with
 * references becomes a template, a text that shows its secret becomes a pointer into the file.
 */
export function expandSettings(root: Node, options: ExpandOptions): Expansion {
  const expander = new Expander(options);
  return { root: expander.visit(root, [settingsSchema], []), ...expander.found };
}

class Expander {
  readonly found: Omit<Expansion, "root"> = {
    problems: [],
    warnings: [],
    unresolved: new Set(),
  };
  private readonly options: ExpandOptions;

  constructor(options: ExpandOptions) {
    this.options = options;
  }

  visit(node: Node, schemas: Schemas, path: Path): Node {
    const kind = kindOf(schemas);
    if (isSecretKind(kind)) return this.secret(node, kind === "connection", path);
    if (kind === "shell") return node;
    if (node.kind === "scalar") return this.scalar(node, kind, path);
    if (node.kind === "list") {
      const items = node.items.map((item, index) =>
        this.visit(item, stepInto(schemas, index), [...path, index]),
      );
      return { ...node, items };
    }
    const entries = [...node.entries].map(([key, entry]): [string, MapEntry] => {
      const value = this.visit(entry.value, stepInto(schemas, key), [...path, key]);
      return [key, { key: entry.key, value }];
    });
    return { ...node, entries: new Map(entries) };
  }

  private scalar(node: ScalarNode, kind: FieldKind | undefined, path: Path): Node {
    if (kind === "quantity" && typeof node.value === "number") {
      this.add(node.place, path, "must have a unit, as in 30s, 10MB or 50MP");
    }
    if (typeof node.value !== "string") return node;
    const result = interpolate(node.value, (name) => this.options.variables[name]);
    if (result.malformed) {
      this.add(node.place, path, "has a ${ that is not ${NAME} or ${NAME:-default}");
    }
    if (this.options.strict) {
      for (const name of result.missing) {
        this.add(
          node.place,
          path,
          `the variable ${name} is not set and has no default (\${${name}:-default})`,
        );
      }
      this.warnAboutSecrets(result.names, path);
    }
    const expanded: Node = { ...node, value: result.text };
    if (result.missing.length > 0 || result.malformed) this.found.unresolved.add(expanded);
    return expanded;
  }

  private secret(node: Node, isConnection: boolean, path: Path): Node {
    if (node.kind === "map") {
      const template = node.entries.get("template")?.value;
      return template === undefined || node.entries.size > 1
        ? node
        : this.secret(template, isConnection, path);
    }
    if (node.kind !== "scalar" || typeof node.value !== "string") return node;
    if (interpolate(node.value, () => "").malformed) {
      this.add(
        node.place,
        path,
        'has a "${" that is not ${NAME}: write $${ for the two characters',
      );
    }
    if (!showsSecret(node.value, isConnection)) return node;
    const { place } = node;
    if (place.source !== "file" && place.source !== "environment") return node;
    this.found.warnings.push(
      `${formatPath(path)} holds a secret in plain text (${this.options.label}:${place.line}): ` +
        "put it in a variable and write { env: NAME }.",
    );
    return fromValue({ inline: pointer(this.options.label, place.path) }, place);
  }

  private warnAboutSecrets(names: readonly string[], path: Path): void {
    for (const name of names.filter((one) => secretName.test(one))) {
      this.found.warnings.push(
        `${formatPath(path)} uses \${${name}}, but it is no field for secrets: ` +
          "its value is written into release records and reports.",
      );
    }
  }

  private add(place: Place, path: Path, message: string): void {
    const own = "path" in place ? place.path : path;
    this.found.problems.push(problemAt(this.options.label, place, own, message));
  }
}

/** A JSON Pointer (RFC 6901) behind the file's name. */
function pointer(label: string, path: Path): string {
  const parts = path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
  return `${label}#/${parts.join("/")}`;
}
