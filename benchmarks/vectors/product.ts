import { productModel } from "./product-model.ts";

export interface ProductOptions {
  /** One after the other. */
  rows: Float32Array;
  dimension: number;
  threads: number;
}

/** The product of all rows with the queries given, by ONNX Runtime in this thread. */
export async function openProduct({
  rows,
  dimension,
  threads,
}: ProductOptions): Promise<(queries: readonly Float32Array[]) => Promise<unknown>> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(productModel(), { intraOpNumThreads: threads });
  const matrix = new Tensor("float32", rows, [rows.length / dimension, dimension]);
  return (queries) => {
    const columns = new Float32Array(dimension * queries.length);
    for (const [place, query] of queries.entries()) {
      for (const [index, value] of query.entries()) columns[index * queries.length + place] = value;
    }
    const others = new Tensor("float32", columns, [dimension, queries.length]);
    return session.run({ rows: matrix, queries: others });
  };
}
