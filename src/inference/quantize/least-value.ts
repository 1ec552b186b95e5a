import type { NodeProto } from "../onnx/messages.ts";
import { elementsOf } from "../onnx/tensor-elements.ts";
import { type Sources, attributeOf, isOfOnnx } from "./constants.ts";
import { runtimeDomain } from "./graph-draft.ts";

/** Nothing that GELU gives is less, exact or by tanh: its least is -0.16997 or -0.17004. */
const leastOfGelu = -0.171;

const leastOf: Readonly<Record<string, number>> = {
  Relu: 0,
  Sigmoid: 0,
  Softmax: 0,
  Softplus: 0,
  Exp: 0,
  Abs: 0,
  Gelu: leastOfGelu,
};

const leastOfRuntime: Readonly<Record<string, number>> = {
  Gelu: leastOfGelu,
  BiasGelu: leastOfGelu,
  FastGelu: leastOfGelu,
};

/**
 * What no element of a tensor is less than, as the operator says that makes it; null where it says
 * nothing. Before version 20 of ONNX's operators GELU is written as `x * (1 + erf(x / √2)) / 2`,
 * its factors in any order. https://onnx.ai/onnx/operators/onnx__Gelu.html
 */
export async function leastValue(name: string, sources: Sources): Promise<number | null> {
  const node = sources.producers.get(name);
  if (node === undefined) return null;
  const { opType = "" } = node;
  if (node.domain === runtimeDomain) return leastOfRuntime[opType] ?? null;
  if (!isOfOnnx(node)) return null;
  if (opType !== "Mul") return leastOf[opType] ?? null;
  for (const factors of splitsOf(node, sources)) {
    if (await isGelu(factors, sources)) return leastOfGelu;
  }
  return null;
}

/** The ways to see a product of products as one of three factors. */
function splitsOf({ input }: NodeProto, sources: Sources): string[][] {
  return input.flatMap((name, index) => {
    const inner = sources.producers.get(name);
    if (inner?.opType !== "Mul" || !isOfOnnx(inner)) return [];
    return [[...input.toSpliced(index, 1), ...inner.input]];
  });
}

async function isGelu(factors: readonly string[], sources: Sources): Promise<boolean> {
  for (const [place, half] of factors.entries()) {
    if (!isNear(await numberOf(half, sources), 0.5)) continue;
    const [one = "", other = ""] = factors.toSpliced(place, 1);
    if (await isOnePlusErf(one, other, sources)) return true;
    if (await isOnePlusErf(other, one, sources)) return true;
  }
  return false;
}

/** Whether `name` is `1 + erf(x / √2)`. */
async function isOnePlusErf(name: string, x: string, sources: Sources): Promise<boolean> {
  const { producers } = sources;
  const sum = producers.get(name);
  if (sum?.opType !== "Add") return false;
  for (const [index, term] of sum.input.entries()) {
    const erf = producers.get(term);
    const other = sum.input[1 - index] ?? "";
    if (erf?.opType !== "Erf" || !isNear(await numberOf(other, sources), 1)) continue;
    const scaled = producers.get(erf.input[0] ?? "");
    const [first = "", second = ""] = scaled?.input ?? [];
    if (scaled?.opType === "Div") {
      return first === x && isNear(await numberOf(second, sources), Math.SQRT2);
    }
    if (scaled?.opType !== "Mul" || (first !== x && second !== x)) return false;
    return isNear(await numberOf(first === x ? second : first, sources), Math.SQRT1_2);
  }
  return false;
}

/** Exporters write constants of float32 or float16. */
function isNear(value: number | null, wanted: number): boolean {
  return value !== null && Math.abs(value - wanted) < 1e-3;
}

/** The one element of a constant; null for anything else. */
async function numberOf(name: string, sources: Sources): Promise<number | null> {
  const producer = sources.producers.get(name);
  const constant = producer?.opType === "Constant" ? producer : undefined;
  const stored =
    sources.initializers.get(name) ??
    (constant === undefined ? undefined : attributeOf(constant, "value")?.t);
  if (stored === undefined || stored.dims.some((size) => size !== 1n)) return null;
  const [value] = elementsOf(await sources.load(stored)).data;
  return typeof value === "number" ? value : null;
}
