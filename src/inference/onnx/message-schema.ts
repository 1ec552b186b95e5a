/** Arrays that hold the numbers of a repeated field. */
export type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;

export type NumberKind = "int32" | "int64" | "uint64" | "float" | "double";

/** A field of a message; `Value` is what a decoded message has there. */
export type Field<Value = unknown> = {
  readonly number: number;
  readonly repeated: boolean;
  /** Only tells the compiler what the field holds. */
  readonly value?: Value;
} & (
  | { readonly kind: NumberKind; readonly packed: boolean }
  | { readonly kind: "text" }
  | { readonly kind: "bytes" }
  // Messages hold one another, so a schema is asked for when it is needed.
  | { readonly kind: "message"; readonly schema: () => MessageSchema }
);

export interface MessageSchema<Message = object> {
  readonly name: string;
  /** By the name of the property, in the order of their numbers: the order they are written in. */
  readonly fields: readonly (readonly [key: string, field: Field])[];
  readonly byNumber: ReadonlyMap<number, readonly [key: string, field: Field]>;
  /** Only tells the compiler what is decoded. */
  readonly message?: Message;
}

/** A field as it stood in the file, tag included, that the schema does not know. */
export interface WithUnknown {
  readonly unknown?: readonly Uint8Array[] | undefined;
}

type FieldsOf<Message> = {
  readonly [Key in Exclude<keyof Message, "unknown">]-?: Field<NonNullable<Message[Key]>>;
};

export function defineMessage<Message extends object>(
  name: string,
  fields: FieldsOf<Message>,
): MessageSchema<Message> {
  const list = Object.entries<Field>(fields).toSorted(([, a], [, b]) => a.number - b.number);
  return { name, fields: list, byNumber: new Map(list.map((one) => [one[1].number, one])) };
}

export const int32 = (number: number): Field<number> => one(number, "int32");
export const int64 = (number: number): Field<bigint> => one(number, "int64");
export const float = (number: number): Field<number> => one(number, "float");
export const text = (number: number): Field<string> => ({ number, kind: "text", repeated: false });
export const texts = (number: number): Field<readonly string[]> => ({
  number,
  kind: "text",
  repeated: true,
});
export const bytes = (number: number): Field<Uint8Array> => ({
  number,
  kind: "bytes",
  repeated: false,
});
export const blobs = (number: number): Field<readonly Uint8Array[]> => ({
  number,
  kind: "bytes",
  repeated: true,
});

/** Written one field a number: onnx.proto is proto2, whose repeated numbers are so by default. */
export const int64s = (number: number): Field<BigInt64Array> => many(number, "int64", false);
export const floats = (number: number): Field<Float32Array> => many(number, "float", false);

export const packedFloats = (number: number): Field<Float32Array> => many(number, "float", true);
export const packedDoubles = (number: number): Field<Float64Array> => many(number, "double", true);
export const packedInt32s = (number: number): Field<Int32Array> => many(number, "int32", true);
export const packedInt64s = (number: number): Field<BigInt64Array> => many(number, "int64", true);
export const packedUint64s = (number: number): Field<BigUint64Array> =>
  many(number, "uint64", true);

export const message = <Message extends object>(
  number: number,
  schema: () => MessageSchema<Message>,
): Field<Message> => ({ number, kind: "message", repeated: false, schema });

export const messages = <Message extends object>(
  number: number,
  schema: () => MessageSchema<Message>,
): Field<readonly Message[]> => ({ number, kind: "message", repeated: true, schema });

function one<Value>(number: number, kind: NumberKind): Field<Value> {
  return { number, kind, repeated: false, packed: false };
}

function many<Value>(number: number, kind: NumberKind, packed: boolean): Field<Value> {
  return { number, kind, repeated: true, packed };
}

const noNumbers: Record<NumberKind, Numbers> = {
  int32: new Int32Array(0),
  int64: new BigInt64Array(0),
  uint64: new BigUint64Array(0),
  float: new Float32Array(0),
  double: new Float64Array(0),
};
const noItems: readonly never[] = Object.freeze([]);

/** What a repeated field holds when the message has none of it. */
export function emptyOf(field: Field): Numbers | readonly never[] {
  return "packed" in field ? noNumbers[field.kind] : noItems;
}

/** A message with what is given; its repeated fields are empty where nothing is. */
export function create<Message extends object>(
  schema: MessageSchema<Message>,
  given: Partial<Message>,
): Message {
  const created: Record<string, unknown> = {};
  for (const [key, field] of schema.fields) if (field.repeated) created[key] = emptyOf(field);
  return Object.assign(created, given) as Message;
}
