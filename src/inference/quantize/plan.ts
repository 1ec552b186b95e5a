import type { NodeProto } from "../onnx/messages.ts";
import {
  type ConstantMatrix,
  type Sources,
  attributeOf,
  findMatrix,
  isOfOnnx,
} from "./constants.ts";
import { subgraphs } from "./uses.ts";
import { allFinite } from "./weights.ts";

/** What is done with a node; null: it is none of those that could be quantized. */
export type Plan =
  | { kind: "product"; matrix: ConstantMatrix; turned: boolean; bias: string | null }
  | { kind: "table"; matrix: ConstantMatrix }
  | { kind: "left"; reason: string; operator: string }
  | null;

/** Elements below which whole numbers save nothing worth the steps around them. */
const smallest = 1024;

export async function planNode(
  node: NodeProto,
  sources: Sources,
  embeddings: boolean,
): Promise<Plan> {
  const inside = subgraphs(node).flatMap(({ node: nodes }) => nodes);
  if (inside.some(({ opType }) => opType === "MatMul" || opType === "Gemm")) {
    return left(node, "it holds products in a subgraph");
  }
  if (!isOfOnnx(node)) return null;
  if (node.opType === "Gather") return await planTable(node, sources, embeddings);
  if (node.opType === "MatMul") return await planProduct(node, sources, false, null);
  if (node.opType === "Gemm") return await planGemm(node, sources);
  return null;
}

/** `alpha * A' * B' + beta * C` is a product and a sum when both factors are 1 and A is as it is. */
async function planGemm(node: NodeProto, sources: Sources): Promise<Plan> {
  const [, , bias = ""] = node.input;
  const factor = (name: string): number => attributeOf(node, name)?.f ?? 1;
  if (factor("alpha") !== 1) return left(node, `its alpha is ${factor("alpha")}`);
  if (bias !== "" && factor("beta") !== 1) return left(node, `its beta is ${factor("beta")}`);
  if ((attributeOf(node, "transA")?.i ?? 0n) !== 0n) return left(node, "its input is transposed");
  const turned = (attributeOf(node, "transB")?.i ?? 0n) !== 0n;
  return await planProduct(node, sources, turned, bias === "" ? null : bias);
}

async function planProduct(
  node: NodeProto,
  sources: Sources,
  turned: boolean,
  bias: string | null,
): Promise<Plan> {
  const [input = "", weight = ""] = node.input;
  const matrix = await findMatrix(weight, sources);
  if (typeof matrix === "string") {
    const first = await findMatrix(input, sources);
    return left(node, typeof first === "string" ? matrix : "its weight is the left factor");
  }
  const reason = unfit(matrix);
  return reason === null ? { kind: "product", matrix, turned, bias } : left(node, reason);
}

async function planTable(node: NodeProto, sources: Sources, wanted: boolean): Promise<Plan> {
  const [table = ""] = node.input;
  const matrix = await findMatrix(table, sources);
  // A Gather of anything else takes a size from a shape, or the like.
  if (typeof matrix === "string" || (attributeOf(node, "axis")?.i ?? 0n) !== 0n) return null;
  const reason = unfit(matrix) ?? (wanted ? null : "it is a table of embeddings");
  return reason === null ? { kind: "table", matrix } : left(node, reason);
}

function unfit({ half, data }: ConstantMatrix): string | null {
  if (half) return "its weight is float16";
  if (data.length < smallest) return `its weight has only ${data.length} elements`;
  return allFinite(data) ? null : "its weight holds numbers that are not finite";
}

function left({ opType = "" }: NodeProto, reason: string): Plan {
  return { kind: "left", reason, operator: opType };
}
