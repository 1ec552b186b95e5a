import { z } from "zod";
import type { MergeRules, Path, Segment } from "../tree.ts";
import { type FieldKind, fieldKinds } from "./fields.ts";
import { settingsSchema } from "../schema.ts";

type Schema = z.core.$ZodType;

/** The schemas that may describe the value at a path of the settings; several after a union. */
function schemasAt(path: Path): Schema[] {
  return path.reduce<Schema[]>(stepInto, [settingsSchema]);
}

/** The schemas one key or index below `schemas`. */
export function stepInto(schemas: readonly Schema[], segment: Segment): Schema[] {
  return schemas.flatMap(alternatives).flatMap((schema): Schema[] => {
    if (schema instanceof z.ZodObject) {
      const inner: unknown = Object.hasOwn(schema.shape, segment) ? schema.shape[segment] : null;
      return inner instanceof z.ZodType ? [inner] : [];
    }
    if (schema instanceof z.ZodRecord) return [schema.valueType];
    return schema instanceof z.ZodArray ? [schema.element] : [];
  });
}

/** What is special about the field, seen through defaults and optionality. */
export function kindOf(schemas: readonly Schema[]): FieldKind | undefined {
  for (let schema of schemas) {
    for (;;) {
      const kind = fieldKinds.get(schema)?.kind;
      if (kind !== undefined) return kind;
      const inner = unwrapped(schema);
      if (inner === undefined) break;
      schema = inner;
    }
  }
  return undefined;
}

export function isSecretKind(kind: FieldKind | undefined): boolean {
  return kind === "secret" || kind === "connection";
}

/** The keys that are known at a path, for suggestions; none where keys are free. */
export function knownKeys(path: Path): string[] {
  return schemasAt(path)
    .flatMap(alternatives)
    .flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
}

export const mergeRules: MergeRules = {
  isWhole: (path) => {
    const kind = kindOf(schemasAt(path));
    return kind === "whole" || isSecretKind(kind);
  },
  isRecord: (path) =>
    schemasAt(path)
      .flatMap(alternatives)
      .some((schema) => schema instanceof z.ZodRecord),
};

function unwrapped(schema: Schema): Schema | undefined {
  if (
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    return schema.unwrap();
  }
  return undefined;
}

function alternatives(schema: Schema): Schema[] {
  const inner = unwrapped(schema);
  if (inner !== undefined) return alternatives(inner);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(alternatives);
  if (schema instanceof z.ZodPipe) return alternatives(schema.in);
  return [schema];
}
