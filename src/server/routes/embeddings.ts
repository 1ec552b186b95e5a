import type { FastifyInstance } from "fastify";
import type { EmbeddingInput } from "../../inference/tasks/embeddings.ts";
import { jobOptions } from "../job-options.ts";
import { RequestError } from "../request-error.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, integer, listOf, text } from "./schemas.ts";

// POST /v1/embeddings as OpenAI's API reference describes it; errors are problem documents, as
// everywhere here.

interface EmbeddingsBody {
  model?: string;
  input: string | string[] | number[] | number[][];
  encoding_format?: "float" | "base64";
  dimensions?: number;
  user?: string;
  truncate?: boolean;
}

const vectorSchema = {
  description: "Numbers, or as base64 the bytes of float32 values, little-endian.",
};

const answerSchema = exactly({
  object: text,
  data: listOf({
    type: "object",
    required: ["object", "index", "embedding"],
    properties: {
      object: text,
      index: integer,
      embedding: vectorSchema,
      truncated: { type: "boolean", description: "There, and true, where the input was cut." },
    },
  }),
  model: text,
  usage: exactly({ prompt_tokens: integer, total_tokens: integer }),
});

/** Vectors of texts for clients that speak OpenAI's API. */
export function embeddingsRoutes(application: FastifyInstance, services: Services): void {
  const { limits, timeout } = services.spec.serve;
  const body = {
    type: "object",
    required: ["input"],
    additionalProperties: false,
    properties: {
      model: { type: "string", minLength: 1, maxLength: 200 },
      input: {
        description: `One to ${limits.batch} texts of 1 to ${limits.text} characters, or token ids.`,
        anyOf: [text, listOf(text), listOf(integer), listOf(listOf(integer))],
      },
      encoding_format: { type: "string", enum: ["float", "base64"] },
      dimensions: { type: "integer", minimum: 1 },
      truncate: {
        type: "boolean",
        description:
          "Not OpenAI's: cut inputs of too many tokens, and do not refuse them with 413. Default: as the model's configuration says.",
      },
      user: { type: "string", description: "Not looked at." },
    },
  };
  application.post<{ Body: EmbeddingsBody }>(
    "/v1/embeddings",
    {
      schema: {
        summary: "Vectors of texts, as OpenAI's API has them",
        body,
        response: { 200: answerSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { model, dimensions, truncate, encoding_format: format = "float" } = request.body;
      const inputs = readInputs(request.body.input, limits);
      const job = jobOptions(request, reply, timeout);
      const embedded = await services.texts.embeddings.embed(
        { model, inputs, dimensions, truncate },
        job,
      );
      return {
        object: "list",
        data: embedded.vectors.map((vector, index) => {
          const isCut = embedded.truncated[index] === true;
          return {
            object: "embedding",
            index,
            embedding: encode(vector, format),
            ...(isCut ? { truncated: true } : {}),
          };
        }),
        model: embedded.model.name,
        usage: { prompt_tokens: embedded.tokens, total_tokens: embedded.tokens },
      };
    },
  );
}

/** @throws RequestError `request.invalid` when it is none of the four forms, or beyond a limit */
function readInputs(input: unknown, limits: { text: number; batch: number }): EmbeddingInput[] {
  const list = Array.isArray(input) ? (input as unknown[]) : [input];
  const inputs = list.length > 0 && list.every(isNumber) ? [list] : list;
  if (inputs.length === 0) throw invalid("is empty");
  if (inputs.length > limits.batch) throw invalid(`has more than ${limits.batch} texts`);
  for (const one of inputs) {
    const fits = typeof one === "string" || (Array.isArray(one) && one.every(isNumber));
    if (!fits) throw invalid("must be a text, texts, token ids, or lists of token ids");
    if (one.length === 0) throw invalid("holds an empty text");
    if (one.length > limits.text)
      throw invalid(`holds a text of more than ${limits.text} characters`);
  }
  return inputs as EmbeddingInput[];
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function invalid(what: string): RequestError {
  return new RequestError(400, "request.invalid", `The input ${what}.`);
}

function encode(vector: Float32Array, format: "float" | "base64"): number[] | string {
  if (format === "float") return Array.from(vector);
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}
