/** The one shape of every answer of status 400 and above: RFC 9457. */
export const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail", "instance", "code", "requestId"],
  properties: {
    type: { type: "string", format: "uri", examples: ["urn:studio:problem:request.invalid"] },
    title: { type: "string", description: "The status in words." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What happened and why." },
    instance: { type: "string", format: "uri-reference", description: "The path asked for." },
    code: { type: "string", description: "Stable; what a program decides by." },
    hint: { type: "string", description: "What to do next." },
    requestId: { type: "string", description: "The answer's x-request-id." },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "in", "detail"],
        properties: {
          pointer: { type: "string", format: "json-pointer" },
          in: { type: "string", enum: ["body", "query", "path", "headers"] },
          detail: { type: "string" },
        },
      },
    },
  },
} as const;

const problemContent = { content: { "application/problem+json": { schema: problemSchema } } };

export const errorAnswers = { "4xx": problemContent, "5xx": problemContent } as const;

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
