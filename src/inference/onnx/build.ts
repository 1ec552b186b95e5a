// Makes the messages of a model from plain values, with what ONNX asks for filled in.
import { type ElementTypeName, elementTypeNumber, elementTypes } from "./element-types.ts";
import { create } from "./message-schema.ts";
import {
  type AttributeProto,
  type DimensionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
  type TensorProto,
  type ValueInfoProto,
  attributeTypes,
} from "./messages.ts";
import {
  attributeSchema,
  dimensionSchema,
  graphSchema,
  modelSchema,
  nodeSchema,
  operatorSetSchema,
  shapeSchema,
  tensorSchema,
  tensorTypeSchema,
  typeSchema,
  valueInfoSchema,
} from "./schemas.ts";
import type { NumericData } from "../tensor.ts";

/** A whole number is an INT; a FLOAT is told apart as `{ float: 1 }`. */
export type AttributeValue =
  | number
  | bigint
  | string
  | readonly number[]
  | { float: number }
  | { floats: readonly number[] }
  | { tensor: TensorProto }
  | { graph: GraphProto };

export interface NodeInput {
  name?: string;
  domain?: string;
  attributes?: Record<string, AttributeValue>;
}

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  { name, domain, attributes = {} }: NodeInput = {},
): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
  return create(nodeSchema, { opType, input, output, name, domain, attribute });
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  return create(attributeSchema, { name, ...valueOf(value) });
}

function valueOf(value: AttributeValue): Partial<AttributeProto> {
  if (typeof value === "number" || typeof value === "bigint") {
    return { i: BigInt(value), type: attributeTypes.int };
  }
  if (typeof value === "string") return { s: Buffer.from(value), type: attributeTypes.string };
  if ("float" in value) return { f: value.float, type: attributeTypes.float };
  if ("floats" in value) {
    return { floats: Float32Array.from(value.floats), type: attributeTypes.floats };
  }
  if ("tensor" in value) return { t: value.tensor, type: attributeTypes.tensor };
  if ("graph" in value) return { g: value.graph, type: attributeTypes.graph };
  return { ints: BigInt64Array.from(value, BigInt), type: attributeTypes.ints };
}

/**
 * A tensor whose elements are the bytes of `data`, not copied, or texts.
 * @param data row-major, in the array of its type; those of less than a byte packed
 */
export function tensor(
  name: string,
  type: ElementTypeName,
  dims: readonly number[],
  data: NumericData | readonly string[],
): TensorProto {
  const head = { name, dims: BigInt64Array.from(dims, BigInt), dataType: elementTypeNumber(type) };
  if (!ArrayBuffer.isView(data)) {
    return create(tensorSchema, { ...head, stringData: data.map((text) => Buffer.from(text)) });
  }
  if (type === "string" || !(data instanceof elementTypes[type].array)) {
    throw new TypeError(`The elements of "${name}" are not in the array of the type ${type}.`);
  }
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return create(tensorSchema, { ...head, rawData });
}

/** @param dims a name is a free dimension, "" one without a name; absent: their number is not known */
export function value(
  name: string,
  type: ElementTypeName,
  dims?: readonly (string | number)[],
): ValueInfoProto {
  const dim = dims?.map((size) => create(dimensionSchema, dimensionOf(size)));
  const shape = dim === undefined ? undefined : create(shapeSchema, { dim });
  const tensorType = create(tensorTypeSchema, { elemType: elementTypeNumber(type), shape });
  return create(valueInfoSchema, { name, type: create(typeSchema, { tensorType }) });
}

function dimensionOf(size: string | number): Partial<DimensionProto> {
  if (typeof size === "number") return { dimValue: BigInt(size) };
  return size === "" ? {} : { dimParam: size };
}

export function graph(given: Partial<GraphProto>): GraphProto {
  return create(graphSchema, given);
}

export interface ModelInput {
  graph: GraphProto;
  producerName?: string;
  /** Versions of operator sets by domain; ONNX's own is "". */
  operatorSets: Readonly<Record<string, number>>;
  irVersion?: number;
}

export function model(input: ModelInput): ModelProto {
  const { graph, producerName, operatorSets, irVersion = 8 } = input;
  const opsetImport = Object.entries(operatorSets).map(([domain, version]) =>
    operatorSet(domain, version),
  );
  return create(modelSchema, { irVersion: BigInt(irVersion), producerName, graph, opsetImport });
}

/** @param domain ONNX's own is "" */
export function operatorSet(domain: string, version: number): OperatorSetIdProto {
  return create(operatorSetSchema, { domain, version: BigInt(version) });
}
