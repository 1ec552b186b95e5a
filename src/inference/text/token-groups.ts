import type { Tensors } from "../tensor.ts";

/** Rows that are computed together, each the ids of one text. */
export interface TokenGroup {
  /** Which texts they are, by index. */
  indexes: number[];
  rows: (readonly number[])[];
  /** Tokens of the longest row. */
  length: number;
}

/** Most rows of a group, and most tokens with the padding. */
const most = { rows: 64, tokens: 8192 };

/** A row that is shorter than this share of the longest goes to the next group. */
const leastShare = 0.8;

/** Puts rows of about the same length together, so that little of what is computed is padding. */
export function groupByLength(rows: readonly (readonly number[])[]): TokenGroup[] {
  const order = rows.map((_, index) => index);
  order.sort((one, other) => rowAt(rows, other).length - rowAt(rows, one).length);
  const groups: TokenGroup[] = [];
  for (const index of order) {
    const row = rowAt(rows, index);
    const group = groups.at(-1);
    const fits =
      group !== undefined &&
      group.rows.length < most.rows &&
      (group.rows.length + 1) * group.length <= most.tokens &&
      row.length >= group.length * leastShare;
    if (fits) {
      group.indexes.push(index);
      group.rows.push(row);
    } else {
      groups.push({ indexes: [index], rows: [row], length: row.length });
    }
  }
  return groups;
}

function rowAt(rows: readonly (readonly number[])[], index: number): readonly number[] {
  return rows[index] as readonly number[];
}

/**
 * The tensors of a group, those of `names`: `input_ids`, `attention_mask` (1 for a token, 0 for
 * padding) and `token_type_ids` (0), each int64 [rows, length], filled up on the right.
 */
export function groupTensors(
  { rows, length }: TokenGroup,
  paddingId: number,
  names: ReadonlySet<string>,
): Tensors {
  const dims = [rows.length, length];
  const size = rows.length * length;
  const ids = new BigInt64Array(size).fill(BigInt(paddingId));
  const mask = new BigInt64Array(size);
  for (const [index, row] of rows.entries()) {
    for (const [at, id] of row.entries()) ids[index * length + at] = BigInt(id);
    mask.fill(1n, index * length, index * length + row.length);
  }
  const tensors: Tensors = { input_ids: { type: "int64", dims, data: ids } };
  if (names.has("attention_mask")) tensors["attention_mask"] = { type: "int64", dims, data: mask };
  if (names.has("token_type_ids")) {
    tensors["token_type_ids"] = { type: "int64", dims, data: new BigInt64Array(size) };
  }
  return tensors;
}
