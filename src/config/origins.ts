import { isSecretKind, kindOf, stepInto } from "./schema/navigate.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { type Node, type Path, childOf, formatPath } from "./tree.ts";

/** Where the value of one setting comes from. */
export interface Origin {
  /** `serve.port` */
  path: string;
  /** The resolved value; `(secret)` for secrets. Durations in milliseconds, sizes in bytes. */
  value: unknown;
  source: "default" | "file" | "environment" | "variable";
  /** `studio.yaml:12`, the name of a variable, or `default`. */
  detail: string;
}

type Schemas = ReturnType<typeof stepInto>;

/** One origin per leaf of the settings, in their order; a list is one leaf. */
export function originsOf(settings: Settings, root: Node, label: string): Origin[] {
  const origins: Origin[] = [];
  const visit = (value: unknown, node: Node | undefined, schemas: Schemas, path: Path): void => {
    if (value === undefined) return;
    const isSecret = isSecretKind(kindOf(schemas));
    if (!isSecret && isFilledMap(value)) {
      for (const [key, inner] of Object.entries(value)) {
        visit(inner, childOf(node, key), stepInto(schemas, key), [...path, key]);
      }
      return;
    }
    const shown = isSecret || isSecretList(value, schemas) ? masked(value) : value;
    origins.push({ path: formatPath(path), value: shown, ...sourceOf(node, label) });
  };
  visit(settings, root, [settingsSchema], []);
  return origins;
}

function isSecretList(value: unknown, schemas: Schemas): boolean {
  return Array.isArray(value) && isSecretKind(kindOf(stepInto(schemas, 0)));
}

function masked(value: unknown): unknown {
  return Array.isArray(value) ? value.map(() => "(secret)") : "(secret)";
}

function isFilledMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.keys(value).length > 0
    : false;
}

function sourceOf(node: Node | undefined, label: string): Pick<Origin, "source" | "detail"> {
  const place = node?.place ?? { source: "default" };
  if (place.source === "default") return { source: "default", detail: "default" };
  if (place.source === "variable") return { source: "variable", detail: place.name };
  return { source: place.source, detail: `${label}:${place.line}` };
}
