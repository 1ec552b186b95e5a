// The field numbers of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import {
  type MessageSchema,
  blobs,
  bytes,
  defineMessage,
  float,
  floats,
  int32,
  int64,
  int64s,
  message,
  messages,
  packedDoubles,
  packedFloats,
  packedInt32s,
  packedInt64s,
  packedUint64s,
  text,
  texts,
} from "./message-schema.ts";
import type {
  AttributeProto,
  DimensionProto,
  ElementTypeProto,
  FunctionProto,
  GraphProto,
  MapTypeProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  SparseTensorProto,
  StringStringEntryProto,
  TensorAnnotation,
  TensorProto,
  TensorSegment,
  TensorShapeProto,
  TensorTypeProto,
  TrainingInfoProto,
  TypeProto,
  ValueInfoProto,
} from "./messages.ts";

export const entrySchema: MessageSchema<StringStringEntryProto> = defineMessage(
  "StringStringEntryProto",
  {
    key: text(1),
    value: text(2),
  },
);

export const operatorSetSchema: MessageSchema<OperatorSetIdProto> = defineMessage(
  "OperatorSetIdProto",
  {
    domain: text(1),
    version: int64(2),
  },
);

const segmentSchema: MessageSchema<TensorSegment> = defineMessage("Segment", {
  begin: int64(1),
  end: int64(2),
});

export const tensorSchema: MessageSchema<TensorProto> = defineMessage("TensorProto", {
  dims: int64s(1),
  dataType: int32(2),
  segment: message(3, () => segmentSchema),
  floatData: packedFloats(4),
  int32Data: packedInt32s(5),
  stringData: blobs(6),
  int64Data: packedInt64s(7),
  name: text(8),
  rawData: bytes(9),
  doubleData: packedDoubles(10),
  uint64Data: packedUint64s(11),
  docString: text(12),
  externalData: messages(13, () => entrySchema),
  dataLocation: int32(14),
  metadataProps: messages(16, () => entrySchema),
});

const sparseTensorSchema: MessageSchema<SparseTensorProto> = defineMessage("SparseTensorProto", {
  values: message(1, () => tensorSchema),
  indices: message(2, () => tensorSchema),
  dims: int64s(3),
});

export const dimensionSchema: MessageSchema<DimensionProto> = defineMessage("Dimension", {
  dimValue: int64(1),
  dimParam: text(2),
  denotation: text(3),
});

export const shapeSchema: MessageSchema<TensorShapeProto> = defineMessage("TensorShapeProto", {
  dim: messages(1, () => dimensionSchema),
});

export const tensorTypeSchema: MessageSchema<TensorTypeProto> = defineMessage("TypeProto.Tensor", {
  elemType: int32(1),
  shape: message(2, () => shapeSchema),
});

const elementTypeSchema: MessageSchema<ElementTypeProto> = defineMessage("TypeProto.Sequence", {
  elemType: message(1, () => typeSchema),
});

const mapTypeSchema: MessageSchema<MapTypeProto> = defineMessage("TypeProto.Map", {
  keyType: int32(1),
  valueType: message(2, () => typeSchema),
});

export const typeSchema: MessageSchema<TypeProto> = defineMessage("TypeProto", {
  tensorType: message(1, () => tensorTypeSchema),
  sequenceType: message(4, () => elementTypeSchema),
  mapType: message(5, () => mapTypeSchema),
  denotation: text(6),
  sparseTensorType: message(8, () => tensorTypeSchema),
  optionalType: message(9, () => elementTypeSchema),
});

export const valueInfoSchema: MessageSchema<ValueInfoProto> = defineMessage("ValueInfoProto", {
  name: text(1),
  type: message(2, () => typeSchema),
  docString: text(3),
  metadataProps: messages(4, () => entrySchema),
});

export const attributeSchema: MessageSchema<AttributeProto> = defineMessage("AttributeProto", {
  name: text(1),
  f: float(2),
  i: int64(3),
  s: bytes(4),
  t: message(5, () => tensorSchema),
  g: message(6, () => graphSchema),
  floats: floats(7),
  ints: int64s(8),
  strings: blobs(9),
  tensors: messages(10, () => tensorSchema),
  graphs: messages(11, () => graphSchema),
  docString: text(13),
  tp: message(14, () => typeSchema),
  typeProtos: messages(15, () => typeSchema),
  type: int32(20),
  refAttrName: text(21),
  sparseTensor: message(22, () => sparseTensorSchema),
  sparseTensors: messages(23, () => sparseTensorSchema),
});

export const nodeSchema: MessageSchema<NodeProto> = defineMessage("NodeProto", {
  input: texts(1),
  output: texts(2),
  name: text(3),
  opType: text(4),
  attribute: messages(5, () => attributeSchema),
  docString: text(6),
  domain: text(7),
  overload: text(8),
  metadataProps: messages(9, () => entrySchema),
});

const annotationSchema: MessageSchema<TensorAnnotation> = defineMessage("TensorAnnotation", {
  tensorName: text(1),
  quantParameterTensorNames: messages(2, () => entrySchema),
});

export const graphSchema: MessageSchema<GraphProto> = defineMessage("GraphProto", {
  node: messages(1, () => nodeSchema),
  name: text(2),
  initializer: messages(5, () => tensorSchema),
  docString: text(10),
  input: messages(11, () => valueInfoSchema),
  output: messages(12, () => valueInfoSchema),
  valueInfo: messages(13, () => valueInfoSchema),
  quantizationAnnotation: messages(14, () => annotationSchema),
  sparseInitializer: messages(15, () => sparseTensorSchema),
  metadataProps: messages(16, () => entrySchema),
});

const trainingSchema: MessageSchema<TrainingInfoProto> = defineMessage("TrainingInfoProto", {
  initialization: message(1, () => graphSchema),
  algorithm: message(2, () => graphSchema),
  initializationBinding: messages(3, () => entrySchema),
  updateBinding: messages(4, () => entrySchema),
});

const functionSchema: MessageSchema<FunctionProto> = defineMessage("FunctionProto", {
  name: text(1),
  input: texts(4),
  output: texts(5),
  attribute: texts(6),
  node: messages(7, () => nodeSchema),
  docString: text(8),
  opsetImport: messages(9, () => operatorSetSchema),
  domain: text(10),
  attributeProto: messages(11, () => attributeSchema),
  valueInfo: messages(12, () => valueInfoSchema),
  overload: text(13),
  metadataProps: messages(14, () => entrySchema),
});

export const modelSchema: MessageSchema<ModelProto> = defineMessage("ModelProto", {
  irVersion: int64(1),
  producerName: text(2),
  producerVersion: text(3),
  domain: text(4),
  modelVersion: int64(5),
  docString: text(6),
  graph: message(7, () => graphSchema),
  opsetImport: messages(8, () => operatorSetSchema),
  metadataProps: messages(14, () => entrySchema),
  trainingInfo: messages(20, () => trainingSchema),
  functions: messages(25, () => functionSchema),
});
