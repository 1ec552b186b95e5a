/** The one shape of every answer of status 400 and above. */
const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        hint: { type: "string" },
      },
    },
  },
} as const;

export const errorAnswers = { "4xx": errorSchema, "5xx": errorSchema } as const;

/** An object of these properties, all of them required, and no others. */
export function exactly(properties: Record<string, object>): object {
  return {
    type: "object",
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  };
}

export const text = { type: "string" } as const;
export const number = { type: "number" } as const;
export const integer = { type: "integer" } as const;
export const flag = { type: "boolean" } as const;

export function listOf(items: object): object {
  return { type: "array", items };
}
