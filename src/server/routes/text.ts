import type { FastifyInstance } from "fastify";
import { type TextTaskName, textTaskNames } from "../../inference/tasks/text-options.ts";
import { jobOptions } from "../job-options.ts";
import { RequestError } from "../request-error.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, integer, listOf, text } from "./schemas.ts";

const named = exactly({ name: text, version: text });
const result = { type: "object", additionalProperties: true } as const;

const answerSchema = {
  type: "object",
  required: ["task"],
  properties: {
    task: text,
    method: { ...named, description: "The formula or lexicon that answered, where no model did." },
    model: named,
    languages: { ...listOf(text), description: "ISO 639-1; absent where any language is known." },
    result: { ...result, description: "Of `text`." },
    results: { ...listOf(result), description: "Of `texts`, in order." },
    usage: exactly({ tokens: integer }),
  },
};

const optionsSchema = {
  type: "object",
  description: "Each task knows some of these, and refuses the others.",
  properties: {
    language: { ...text, description: "Statistics, sentiment, keywords: what the texts are in." },
    words_per_minute: { ...integer, description: "Statistics: reading speed." },
    limit: { ...integer, description: "Keywords: most phrases." },
    words: { ...integer, description: "Keywords: most words of a phrase." },
    model: { ...text, description: "Embeddings: the model." },
    dimensions: { ...integer, description: "Embeddings: the length of the vectors." },
    prompt: { ...text, description: "Embeddings: the name of one of the model's prompts." },
    truncate: {
      type: "boolean",
      description: "Embeddings: cut texts of too many tokens; their result says `truncated`.",
    },
  },
};

interface TextBody {
  task: TextTaskName;
  text?: string;
  texts?: string[];
  options?: object;
}

/** Work on texts: one, or a batch of them. */
export function textRoutes(application: FastifyInstance, services: Services): void {
  const { limits, timeout } = services.spec.serve;
  const one = { type: "string", minLength: 1, maxLength: limits.text };
  const body = {
    type: "object",
    required: ["task"],
    additionalProperties: false,
    properties: {
      task: { type: "string", enum: textTaskNames },
      text: one,
      texts: { type: "array", minItems: 1, maxItems: limits.batch, items: one },
      options: optionsSchema,
    },
  };
  application.post<{ Body: TextBody }>(
    "/api/v1/text/process",
    {
      schema: {
        summary: "Count, identify, judge, summarise by keywords or embed texts",
        body,
        response: { 200: answerSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { task, options } = request.body;
      const texts = textsOf(request.body);
      const job = jobOptions(request, reply, timeout);
      const { results, ...answer } = await services.texts.process({ task, texts, options }, job);
      if (request.body.texts === undefined) return { ...answer, result: results[0] };
      return { ...answer, results };
    },
  );
}

function textsOf({ text: single, texts }: TextBody): string[] {
  if (single !== undefined && texts === undefined) return [single];
  if (texts !== undefined && single === undefined) return texts;
  throw new RequestError(400, "request.invalid", 'The body needs either "text" or "texts".');
}
