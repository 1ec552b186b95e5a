// The messages of ONNX, with the names of its onnx.proto in camel case. Source, with what each
// field means: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (operator sets up to 26).
// Numbers of 64 bits are bigint. Fields that are not here are kept as they stand (`unknown`).
import type { WithUnknown } from "./message-schema.ts";

export interface ModelProto extends WithUnknown {
  readonly irVersion?: bigint | undefined;
  readonly producerName?: string | undefined;
  readonly producerVersion?: string | undefined;
  readonly domain?: string | undefined;
  readonly modelVersion?: bigint | undefined;
  readonly docString?: string | undefined;
  readonly graph?: GraphProto | undefined;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly metadataProps: readonly StringStringEntryProto[];
  readonly trainingInfo: readonly TrainingInfoProto[];
  readonly functions: readonly FunctionProto[];
}

export interface GraphProto extends WithUnknown {
  readonly node: readonly NodeProto[];
  readonly name?: string | undefined;
  readonly initializer: readonly TensorProto[];
  readonly docString?: string | undefined;
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
  readonly quantizationAnnotation: readonly TensorAnnotation[];
  readonly sparseInitializer: readonly SparseTensorProto[];
  readonly metadataProps: readonly StringStringEntryProto[];
}

export interface NodeProto extends WithUnknown {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string | undefined;
  readonly opType?: string | undefined;
  readonly attribute: readonly AttributeProto[];
  readonly docString?: string | undefined;
  readonly domain?: string | undefined;
  readonly overload?: string | undefined;
  readonly metadataProps: readonly StringStringEntryProto[];
}

export interface AttributeProto extends WithUnknown {
  readonly name?: string | undefined;
  readonly f?: number | undefined;
  readonly i?: bigint | undefined;
  readonly s?: Uint8Array | undefined;
  readonly t?: TensorProto | undefined;
  readonly g?: GraphProto | undefined;
  readonly floats: Float32Array;
  readonly ints: BigInt64Array;
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly docString?: string | undefined;
  readonly tp?: TypeProto | undefined;
  readonly typeProtos: readonly TypeProto[];
  /** One of `attributeTypes`: which of the fields holds the value. */
  readonly type?: number | undefined;
  readonly refAttrName?: string | undefined;
  readonly sparseTensor?: SparseTensorProto | undefined;
  readonly sparseTensors: readonly SparseTensorProto[];
}

export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

export interface TensorProto extends WithUnknown {
  readonly dims: BigInt64Array;
  /** A number of `elementTypes`. */
  readonly dataType?: number | undefined;
  readonly segment?: TensorSegment | undefined;
  readonly floatData: Float32Array;
  readonly int32Data: Int32Array;
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: BigInt64Array;
  readonly name?: string | undefined;
  /** Elements in row-major order, little-endian; for large tensors a view of the model's file. */
  readonly rawData?: Uint8Array | undefined;
  readonly doubleData: Float64Array;
  readonly uint64Data: BigUint64Array;
  readonly docString?: string | undefined;
  readonly externalData: readonly StringStringEntryProto[];
  /** 1: the elements are in another file, which `externalData` names. */
  readonly dataLocation?: number | undefined;
  readonly metadataProps: readonly StringStringEntryProto[];
}

export interface TensorSegment extends WithUnknown {
  readonly begin?: bigint | undefined;
  readonly end?: bigint | undefined;
}

export interface SparseTensorProto extends WithUnknown {
  readonly values?: TensorProto | undefined;
  readonly indices?: TensorProto | undefined;
  readonly dims: BigInt64Array;
}

export interface ValueInfoProto extends WithUnknown {
  readonly name?: string | undefined;
  readonly type?: TypeProto | undefined;
  readonly docString?: string | undefined;
  readonly metadataProps: readonly StringStringEntryProto[];
}

export interface TypeProto extends WithUnknown {
  readonly tensorType?: TensorTypeProto | undefined;
  readonly sequenceType?: ElementTypeProto | undefined;
  readonly mapType?: MapTypeProto | undefined;
  readonly denotation?: string | undefined;
  readonly sparseTensorType?: TensorTypeProto | undefined;
  readonly optionalType?: ElementTypeProto | undefined;
}

export interface TensorTypeProto extends WithUnknown {
  readonly elemType?: number | undefined;
  readonly shape?: TensorShapeProto | undefined;
}

export interface ElementTypeProto extends WithUnknown {
  readonly elemType?: TypeProto | undefined;
}

export interface MapTypeProto extends WithUnknown {
  readonly keyType?: number | undefined;
  readonly valueType?: TypeProto | undefined;
}

export interface TensorShapeProto extends WithUnknown {
  readonly dim: readonly DimensionProto[];
}

export interface DimensionProto extends WithUnknown {
  readonly dimValue?: bigint | undefined;
  readonly dimParam?: string | undefined;
  readonly denotation?: string | undefined;
}

export interface StringStringEntryProto extends WithUnknown {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface TensorAnnotation extends WithUnknown {
  readonly tensorName?: string | undefined;
  readonly quantParameterTensorNames: readonly StringStringEntryProto[];
}

export interface OperatorSetIdProto extends WithUnknown {
  readonly domain?: string | undefined;
  readonly version?: bigint | undefined;
}

export interface TrainingInfoProto extends WithUnknown {
  readonly initialization?: GraphProto | undefined;
  readonly algorithm?: GraphProto | undefined;
  readonly initializationBinding: readonly StringStringEntryProto[];
  readonly updateBinding: readonly StringStringEntryProto[];
}

export interface FunctionProto extends WithUnknown {
  readonly name?: string | undefined;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly string[];
  readonly node: readonly NodeProto[];
  readonly docString?: string | undefined;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly domain?: string | undefined;
  readonly attributeProto: readonly AttributeProto[];
  readonly valueInfo: readonly ValueInfoProto[];
  readonly overload?: string | undefined;
  readonly metadataProps: readonly StringStringEntryProto[];
}
