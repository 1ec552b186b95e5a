import type { GraphDraft } from "./graph-draft.ts";

/** An activation as whole numbers, by the names of its parts: `(values - zero) * scale`. */
export interface Activation {
  /** uint8, of the activation's shape. */
  values: string;
  /** float32: a scalar, or one a row, with a last dimension of 1. */
  scale: string;
  /** uint8, a scalar. */
  zero: string;
}

/** From this version on, QuantizeLinear takes a scale for each row. */
const rowScales = 13n;

/** Elements of a row from which on it is a wide one. */
const wide = 1024;

/** From this version on, ReduceMax and ReduceMin take their axes as an input. */
const axesAsInput = 18n;

/**
 * One scale and zero for the whole activation, from its least and greatest element. ONNX Runtime
 * makes one step of this and the product. Rows of a batch change each other's last digits.
 * https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
 */
export function quantizeWhole(draft: GraphDraft, input: string): Activation {
  const values = draft.fresh(`${input}_uint8`);
  const scale = draft.fresh(`${input}_scale`);
  const zero = draft.fresh(`${input}_zero`);
  draft.addTo("DynamicQuantizeLinear", [input], [values, scale, zero]);
  return { values, scale, zero };
}

/**
 * A scale for each row, its greatest distance from zero by 127, around 128: what shares a batch with
 * a row does not change it.
 * @param version of ONNX's operators
 */
export function quantizeEachRow(
  draft: GraphDraft,
  row: { input: string; width: number },
  version: bigint,
): Activation {
  const { input, width } = row;
  const largest = addFarthest(draft, row, version);
  // A row of zeros has a scale of 0: whatever 0 by 0 becomes as a byte, its products are 0 again.
  const scale = draft.add("Mul", [largest, scalar(draft, "step", 1 / 127)], `${input}_scale`);
  const zero = draft.constant("quantize_zero", "uint8", [], Uint8Array.of(128));
  const values =
    version >= rowScales
      ? divideRows(draft, { input, scale, zero, width })
      : draft.add(
          "QuantizeLinear",
          [draft.add("Div", [input, scale], `${input}_scaled`), scalar(draft, "one", 1), zero],
          `${input}_uint8`,
        );
  return { values, scale, zero };
}

interface Rows {
  input: string;
  scale: string;
  zero: string;
  width: number;
}

/**
 * In one step, for which rows stand one below the other, as long as their number of scales. It asks
 * for a zero a row too: quantized by a scale beside which they are nothing, the scales become that,
 * in one step where counting and repeating took two.
 */
function divideRows(draft: GraphDraft, { input, scale, zero, width }: Rows): string {
  const flat = index(draft, "last", -1n);
  const shape = BigInt64Array.of(-1n, BigInt(width));
  const rows = draft.constant(`quantize_rows_${width}`, "int64", [2], shape);
  const scales = draft.add("Reshape", [scale, flat], `${input}_scales`);
  const huge = scalar(draft, "huge", 1e38);
  const zeros = draft.add("QuantizeLinear", [scales, huge, zero], `${input}_zeros`);
  const matrix = draft.add("Reshape", [input, rows], `${input}_rows`);
  const axis = { axis: 0 };
  const values = draft.add("QuantizeLinear", [matrix, scales, zeros], `${input}_bytes`, axis);
  const own = draft.add("Shape", [input], `${input}_shape`);
  return draft.add("Reshape", [values, own], `${input}_uint8`);
}

/**
 * The distance of each row's farthest element from zero. To look at wide rows twice is quicker than
 * to write all their distances down. For no rows at all ONNX Runtime 1.30 leaves rows as wide as they
 * were where it counts axes from the end, so their first element is taken: quicker than Slice.
 */
function addFarthest(
  draft: GraphDraft,
  { input, width }: { input: string; width: number },
  version: bigint,
): string {
  const reduce = (operator: string, of: string, wanted: string): string =>
    version < axesAsInput
      ? draft.add(operator, [of], wanted, { axes: [-1], keepdims: 1 })
      : draft.add(operator, [of, index(draft, "last", -1n)], wanted, { keepdims: 1 });
  const farthest =
    width < wide
      ? reduce("ReduceMax", draft.add("Abs", [input], `${input}_size`), `${input}_largest`)
      : draft.add(
          "Max",
          [
            reduce("ReduceMax", input, `${input}_largest`),
            draft.add("Neg", [reduce("ReduceMin", input, `${input}_least`)], `${input}_below`),
          ],
          `${input}_farthest`,
        );
  const first = index(draft, "first", 0n);
  return draft.add("Gather", [farthest, first], `${input}_first`, { axis: -1 });
}

function index(draft: GraphDraft, name: string, value: bigint): string {
  return draft.constant(`quantize_${name}`, "int64", [1], BigInt64Array.of(value));
}

function scalar(draft: GraphDraft, name: string, value: number): string {
  return draft.constant(`quantize_${name}`, "float32", [], Float32Array.of(value));
}
