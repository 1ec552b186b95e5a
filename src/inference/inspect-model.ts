import { elementTypeName } from "./onnx/element-types.ts";
import { externalFiles } from "./onnx/external-data.ts";
import type { GraphProto, ModelProto, ValueInfoProto } from "./onnx/messages.ts";
import { readModel } from "./onnx/model-file.ts";
import type { ModelRecord } from "./models.ts";
import { describeVersion } from "./repository/describe.ts";
import type { LocatedVersion } from "./repository/locate.ts";
import type { ValueShape } from "./worker-protocol.ts";

/** What an ONNX file says of itself. */
export interface ModelDescription {
  irVersion: number;
  /** Versions of the operator sets by domain; the standard one is "ai.onnx". */
  opsets: Record<string, number>;
  producer: string | null;
  /** A name stands for a free dimension, -1 for one without a name. */
  inputs: ValueShape[];
  outputs: ValueShape[];
  nodes: number;
  /** Elements of all initializers. */
  parameters: number;
  /** Files beside it that hold its weights. */
  externalFiles: string[];
}

/** The record of a version and what its file says; the model is not loaded. */
export interface ModelInspection extends ModelRecord {
  model: ModelDescription;
}

/** @throws StudioError when a file, the configuration or the manifest is not as it should be */
export async function inspectVersion(located: LocatedVersion): Promise<ModelInspection> {
  const record = await describeVersion(located);
  return { ...record, model: await describeFile(record.file) };
}

/** @throws OnnxError when the file is no ONNX model */
export async function describeFile(file: string): Promise<ModelDescription> {
  const model = await readModel(file);
  const graph = model.graph as GraphProto;
  const constants = new Set(graph.initializer.map(({ name }) => name));
  return {
    irVersion: Number(model.irVersion ?? 0),
    opsets: Object.fromEntries(
      model.opsetImport.map(({ domain, version }) => [domain || "ai.onnx", Number(version ?? 0)]),
    ),
    producer: producerOf(model),
    // Before version 4 of the format, weights were listed among the inputs.
    inputs: graph.input.filter(({ name }) => !constants.has(name)).map(shapeOf),
    outputs: graph.output.map(shapeOf),
    nodes: graph.node.length,
    parameters: graph.initializer.reduce((sum, { dims }) => sum + countOf(dims), 0),
    externalFiles: externalFiles(model),
  };
}

function producerOf({ producerName, producerVersion }: ModelProto): string | null {
  const words = [producerName, producerVersion].filter((word) => word !== undefined && word !== "");
  return words.length === 0 ? null : words.join(" ");
}

function shapeOf({ name, type }: ValueInfoProto): ValueShape {
  const { elemType = 0, shape } = type?.tensorType ?? {};
  const dims = (shape?.dim ?? []).map(({ dimValue, dimParam }) =>
    dimValue === undefined ? dimParam || -1 : Number(dimValue),
  );
  return { name: name ?? "", type: elementTypeName(elemType) ?? "unknown", dims };
}

function countOf(dims: BigInt64Array): number {
  return dims.reduce((product, size) => product * Number(size), 1);
}
