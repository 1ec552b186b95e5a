/** An object of a syntax tree whose shape was not looked at yet. */
export type Fields = Record<string, unknown>;

/**
 * Every object of a syntax tree, parents first. Keeps a list of its own instead of calling itself:
 * a long expression is a deep tree.
 */
export function* objectsOf(root: unknown): Generator<Fields> {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) yield value as Fields;
    for (const child of Object.values(value).reverse()) {
      if (typeof child === "object") pending.push(child);
    }
  }
}

/** The object's fields; none where it is not an object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The name and content of `{ Name: content }`, or of the bare string `Name`. */
export function variantOf(value: unknown): [name: string, content: unknown] {
  if (typeof value === "string") return [value, undefined];
  return Object.entries(fieldsOf(value))[0] ?? ["", undefined];
}
