import type { BatchLimits } from "./batch-queue.ts";
import { countRows } from "./check-feeds.ts";
import type { RequestPart } from "./pending-request.ts";
import { sliceRows, type Tensors } from "./tensor.ts";
import type { RowDimension, ValueShape } from "./worker-protocol.ts";

/**
 * Cuts checked feeds into what goes into one batch each: evenly, so that no part is much smaller
 * than a batch may be. A model without rows, and a request without any, run by themselves.
 * @param tokens of the longest row; 0 when it was not said
 * @throws InferenceError `inference.input` when the inputs disagree about the rows
 */
export function planRequest(
  feeds: Tensors,
  inputs: readonly ValueShape[],
  rowDimension: RowDimension,
  limits: BatchLimits,
  tokens: number,
): RequestPart[] {
  if (rowDimension === null) return [{ feeds, rows: 1, key: null }];
  const rows = countRows(feeds);
  if (rows === 0) return [{ feeds, rows: 1, key: null }];
  if (rowDimension !== "free") return cut(feeds, rows, rowDimension, null);
  const fitting = tokens > 0 ? Math.floor(limits.tokens / tokens) : limits.rows;
  const largest = Math.max(Math.min(limits.rows, fitting), 1);
  const even = Math.ceil(rows / Math.ceil(rows / largest));
  return cut(feeds, rows, even, shapeKey(feeds, inputs));
}

function cut(feeds: Tensors, rows: number, size: number, key: string | null): RequestPart[] {
  if (rows <= size) return [{ feeds, rows, key }];
  const parts: RequestPart[] = [];
  for (let start = 0; start < rows; start += size) {
    const end = Math.min(start + size, rows);
    parts.push({ feeds: sliceRows(feeds, start, end), rows: end - start, key });
  }
  return parts;
}

/** Requests can share a batch when all of a row's shapes are equal. */
function shapeKey(feeds: Tensors, inputs: readonly ValueShape[]): string {
  let key = "";
  for (const { name } of inputs) {
    const { dims } = feeds[name] as Tensors[string];
    for (let axis = 1; axis < dims.length; axis += 1) key += `${dims[axis]},`;
    key += ";";
  }
  return key;
}
