import { graph, model, node, value } from "../../src/inference/onnx/build.ts";
import { encodeModel } from "../../src/inference/onnx/model-file.ts";

/** The ONNX model `scores = MatMul(rows, queries)` of any sizes, opset 13. */
export function productModel(): Buffer {
  const matrix = (name: string) => value(name, "float32", [`${name}_height`, `${name}_width`]);
  const product = graph({
    name: "product",
    node: [node("MatMul", ["rows", "queries"], ["scores"])],
    input: [matrix("rows"), matrix("queries")],
    output: [matrix("scores")],
  });
  return encodeModel(model({ graph: product, operatorSets: { "": 13 } }));
}
