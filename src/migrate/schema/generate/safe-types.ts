import type { CompositeType, CustomType, EnumType, Schema } from "../model.ts";
import { pairByName } from "../pairs.ts";

/** Types that keep all the labels and attributes they had. */
export function safeTypes(before: Schema, after: Schema): CustomType[] {
  const { both, added, removed } = pairByName(before.types, after.types);
  const changed = both.map(([one, other]): CustomType => {
    if (one.kind === "enum" && other.kind === "enum") {
      return { ...other, labels: mergedLabels(one, other) };
    }
    if (one.kind === "composite" && other.kind === "composite") {
      return { ...other, attributes: mergedAttributes(one, other) };
    }
    return other;
  });
  return [...changed, ...added, ...removed];
}

/** The labels of before in their order, with each new one behind the one it follows. */
function mergedLabels(before: EnumType, after: EnumType): string[] {
  const labels = [...before.labels];
  for (const [index, label] of after.labels.entries()) {
    if (labels.includes(label)) continue;
    const previous = after.labels.slice(0, index).findLast((one) => labels.includes(one));
    labels.splice(previous === undefined ? 0 : labels.indexOf(previous) + 1, 0, label);
  }
  return labels;
}

/** A new attribute comes last, wherever it is declared. */
function mergedAttributes(
  before: CompositeType,
  after: CompositeType,
): CompositeType["attributes"] {
  const names = new Set(before.attributes.map(({ name }) => name));
  return [...before.attributes, ...after.attributes.filter(({ name }) => !names.has(name))];
}
