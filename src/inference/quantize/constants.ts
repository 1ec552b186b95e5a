import { elementTypes } from "../onnx/element-types.ts";
import type { NodeProto, TensorProto } from "../onnx/messages.ts";
import { elementsOf } from "../onnx/tensor-elements.ts";
import { transposed } from "./weights.ts";

/** A matrix that is the same in every run. */
export interface ConstantMatrix {
  rows: number;
  columns: number;
  /** Row-major. */
  data: Float32Array;
  /** True when it is float16 in the graph: what it is multiplied with is so too. */
  half: boolean;
  /** Names it was found by, from the one that was asked for to that of the stored tensor. */
  chain: readonly string[];
}

const computed = "its weight is computed";

/** Where values come from in a graph. */
export interface Sources {
  initializers: ReadonlyMap<string, TensorProto>;
  /** The node by each of its outputs. */
  producers: ReadonlyMap<string, NodeProto>;
  /** A tensor with its elements, wherever they are stored. */
  load(tensor: TensorProto): Promise<TensorProto>;
}

/**
 * The matrix of a name: stored, or made of a stored one by Transpose, by Identity or by a Cast from
 * float16, as exporters leave them. A text says why there is none.
 */
export async function findMatrix(
  name: string,
  sources: Sources,
  depth = 0,
): Promise<ConstantMatrix | string> {
  const stored = sources.initializers.get(name);
  if (stored !== undefined) return await storedMatrix(name, stored, sources);
  const node = sources.producers.get(name);
  // The graph of a broken model can have circles.
  if (node === undefined || !isOfOnnx(node) || depth > 8) return computed;
  if (node.opType === "Constant") {
    const { t } = node.attribute[0] ?? {};
    if (t !== undefined) return await storedMatrix(name, t, sources);
  }
  const [input] = node.input;
  if (input === undefined || !["Identity", "Transpose", "Cast"].includes(node.opType ?? "")) {
    return computed;
  }
  const matrix = await findMatrix(input, sources, depth + 1);
  return typeof matrix === "string" ? matrix : changed(matrix, node, name);
}

/** What a node that only changes the form of a matrix makes of it. */
function changed(matrix: ConstantMatrix, node: NodeProto, name: string): ConstantMatrix | string {
  const chain = [name, ...matrix.chain];
  const { rows, columns, data } = matrix;
  if (node.opType === "Cast") {
    const float = attributeOf(node, "to")?.i === BigInt(elementTypes.float32.number);
    return float ? { ...matrix, chain, half: false } : "its weight is not float32";
  }
  const perm = attributeOf(node, "perm")?.ints;
  const turns = node.opType === "Transpose" && (perm === undefined || perm[0] === 1n);
  if (!turns) return { ...matrix, chain };
  const turned = transposed(data, rows, columns);
  return { ...matrix, chain, rows: columns, columns: rows, data: turned };
}

async function storedMatrix(
  name: string,
  tensor: TensorProto,
  sources: Sources,
): Promise<ConstantMatrix | string> {
  if (tensor.dims.length !== 2) return `its weight has ${tensor.dims.length} dimensions`;
  const half = tensor.dataType === elementTypes.float16.number;
  if (tensor.dataType !== elementTypes.float32.number && !half) return "its weight is not float32";
  const { dims, data } = elementsOf(await sources.load(tensor));
  const [rows = 0, columns = 0] = dims;
  const floats = data instanceof Float32Array ? data : Float32Array.from(data as Float16Array);
  return { rows, columns, data: floats, half, chain: [name] };
}

/** Of ONNX's own operators: other domains have operators of the same names. */
export function isOfOnnx({ domain = "" }: NodeProto): boolean {
  return domain === "" || domain === "ai.onnx";
}

export function attributeOf(
  node: NodeProto,
  name: string,
): NodeProto["attribute"][number] | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}
